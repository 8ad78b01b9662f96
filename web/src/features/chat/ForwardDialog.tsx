/** Choosing where to forward to, with a comment. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useLanguage } from '../../i18n';
import { type Chat, forward, type Message, useChats, useLimit } from '../../state';
import { Button } from '../../ui/Button';
import { useCountdown } from '../../ui/clock';
import { Dialog } from '../../ui/Dialog';
import { Field, FieldError } from '../../ui/Field';
import { SearchField } from '../../ui/SearchField';
import { ChatAvatar } from '../chats/ChatRow';
import { matches } from '../chats/finder';

interface Props {
  messages: Message[];
  onClose: () => void;
}

/** Goes to the chat it forwarded to. */
export function ForwardDialog({ messages, onClose }: Props) {
  const language = useLanguage();
  const { t } = language;
  const [, navigate] = useLocation();
  const [query, setQuery] = useState('');
  const [comment, setComment] = useState('');
  const [target, setTarget] = useState<Chat | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const seconds = useCountdown(useLimit('forward'));
  const chats = useChats().filter((chat) => matches(chat.name, query.trim()));

  const submit = async () => {
    if (!target) return;
    setBusy(true);
    const ids = messages.map((message) => message.id);
    const outcome = await forward(ids, target.id, comment.trim() || undefined);
    setBusy(false);
    if (!outcome.ok) return setError(language.problem(outcome.problem));
    onClose();
    navigate(`/chats/${target.id}`);
  };
  const name = target ? target.name || t('chats.unknown') : '';

  return (
    <Dialog
      title={t('forward.title', { count: messages.length })}
      onClose={onClose}
      actions={
        <Button disabled={!target || busy || Boolean(seconds)} onClick={() => void submit()}>
          <span className="truncate">
            {seconds
              ? t('auth.wait', { count: seconds })
              : target
                ? t('forward.send', { name })
                : t('message.forward')}
          </span>
        </Button>
      }
    >
      <SearchField label={t('forward.find')} value={query} onChange={setQuery} />
      <div className="dialog-list scroll" role="radiogroup" aria-label={t('forward.to')}>
        {chats.slice(0, 100).map((chat) => (
          <label key={chat.id} className="person-row">
            <ChatAvatar chat={chat} size={40} />
            <bdi className="person-text person-name truncate">
              {chat.name || t('chats.unknown')}
            </bdi>
            <input
              type="radio"
              className="check"
              name="forward-to"
              checked={target?.id === chat.id}
              onChange={() => setTarget(chat)}
            />
          </label>
        ))}
        {chats.length === 0 && <p className="search-note">{t('search.nothing')}</p>}
      </div>
      <Field
        label={t('forward.comment')}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      {error && !seconds && <FieldError>{error}</FieldError>}
    </Dialog>
  );
}
