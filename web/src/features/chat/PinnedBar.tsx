/** The pinned messages, one at a time: a press goes to it and turns to the one before. */
import { type RefObject, useState } from 'react';
import { useLanguage } from '../../i18n';
import { type ChatId, type Message, showToast, unpin, usePinned } from '../../state';
import { IconButton } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';
import type { ListControl } from './MessageList';
import { useJump } from './useJump';

interface Props {
  chatId: ChatId;
  list: RefObject<ListControl | null>;
}

/** Lies over the top of the log, so that it moves nothing when it comes. */
export function PinnedBar({ chatId, list }: Props) {
  const { t } = useLanguage();
  const pinned = usePinned(chatId);
  const [turn, setTurn] = useState(0);
  const [all, setAll] = useState(false);
  const jump = useJump(chatId, list);
  const shown = pinned[turn % Math.max(1, pinned.length)];
  if (!shown) return null;
  const many = pinned.length > 1;

  return (
    <section className="pinned" aria-label={t('pinned.label')}>
      <button
        type="button"
        className="pinned-jump"
        title={t('pinned.jump')}
        onClick={() => {
          jump(shown.seq);
          setTurn((turn + 1) % pinned.length);
        }}
      >
        <Icon name="pin" size={18} />
        <span className="pinned-text">
          <span className="pinned-title">
            {many ? t('pinned.many', { count: pinned.length }) : t('pinned.one')}
          </span>
          <bdi className="pinned-content truncate">{shown.content.slice(0, 200)}</bdi>
        </span>
      </button>
      {many ? (
        <IconButton icon="list" size={18} label={t('pinned.all')} onClick={() => setAll(true)} />
      ) : (
        <Unpin message={shown} />
      )}
      {all && (
        <Dialog title={t('pinned.label')} onClose={() => setAll(false)}>
          <ul className="dialog-list scroll">
            {pinned.map((message) => (
              <li key={message.id} className="pinned-entry">
                <button
                  type="button"
                  className="person-row"
                  onClick={() => {
                    setAll(false);
                    jump(message.seq);
                  }}
                >
                  <bdi className="person-text pinned-preview">{message.content.slice(0, 300)}</bdi>
                </button>
                <Unpin message={message} />
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </section>
  );
}

function Unpin({ message }: { message: Message }) {
  const { t } = useLanguage();
  const run = async () => {
    const outcome = await unpin(message.id);
    if (!outcome.ok) showToast(outcome.problem);
  };
  return (
    <IconButton icon="close" size={18} label={t('message.unpin')} onClick={() => void run()} />
  );
}
