/** A message as one sees it: who, from where, what, and how far it has come. */
import type { CSSProperties } from 'react';
import { useLanguage } from '../../i18n';
import { discard, type Pending, retry, usePerson } from '../../state';
import { nameColor } from '../../ui/hue';
import { Icon } from '../../ui/Icon';
import { Forwarded } from './Forwarded';
import { MessageText } from './MessageText';
import { Meta } from './Meta';
import { contentOf, type MessageRow } from './rows';
import { useScreen } from './screen';

/** The name stands at the first of a group of someone else's. */
export function Bubble({ row }: { row: MessageRow }) {
  const { kind, unfolded } = useScreen();
  const { item, own, first } = row;
  const message = item.kind === 'message' ? item.message : null;
  return (
    <div className="bubble">
      {!own && first && kind === 'group' && message && <Sender id={message.senderId} />}
      {message?.forwardedFromId && <Forwarded message={message} from={message.forwardedFromId} />}
      <MessageText
        text={contentOf(item)}
        meta={<Meta row={row} />}
        unfolded={unfolded.has(row.key)}
        onUnfold={(open) => (open ? unfolded.add(row.key) : unfolded.delete(row.key))}
      />
      {item.kind === 'pending' && (item.pending.state === 'failed' || item.pending.problem) && (
        <Failed pending={item.pending} />
      )}
    </div>
  );
}

function Sender({ id }: { id: string }) {
  const { t } = useLanguage();
  const { nameOf } = useScreen();
  const person = usePerson(id);
  const name = nameOf(id) || person.name;
  const style: CSSProperties = { color: nameColor(id) };
  return (
    <bdi className="bubble-sender truncate" style={style}>
      {name || t('chats.unknown')}
    </bdi>
  );
}

function Failed({ pending }: { pending: Pending }) {
  const language = useLanguage();
  const { t } = language;
  return (
    <div className="bubble-failed">
      <span role="alert">
        {pending.problem ? language.problem(pending.problem) : t('message.failed')}
      </span>
      <span className="bubble-failed-actions">
        <button type="button" onClick={() => retry(pending.chatId, pending.clientId)}>
          <Icon name="retry" size={16} />
          {t('message.retry')}
        </button>
        <button type="button" onClick={() => discard(pending.chatId, pending.clientId)}>
          <Icon name="trash" size={16} />
          {t('message.discard')}
        </button>
      </span>
    </div>
  );
}
