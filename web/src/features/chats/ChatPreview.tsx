/** The last line of a chat: who types, what one has begun to write, or what was said last. */
import { useLanguage } from '../../i18n';
import { type Chat, useSession } from '../../state';
import { Ticks } from '../chat/Ticks';
import { useTypingText } from '../chat/typingText';

interface Props {
  chat: Chat;
  /** Whether it is open: then the draft is seen where it is written. */
  open: boolean;
}

/** One line. */
export function ChatPreview({ chat, open }: Props) {
  const { t } = useLanguage();
  const typing = useTypingText(chat, chat.typing);
  const me = useSession().account?.id;
  if (typing) return <span className="chat-preview chat-preview-live truncate">{typing}</span>;
  if (chat.draft.trim() && !open) {
    return (
      <span className="chat-preview truncate">
        <span className="chat-preview-draft">{t('chats.draft')}</span> <bdi>{line(chat.draft)}</bdi>
      </span>
    );
  }
  if (chat.lastPending) {
    const state = chat.lastPending.state === 'failed' ? 'failed' : 'waiting';
    return (
      <span className="chat-preview truncate">
        <Ticks state={state} /> <bdi>{line(chat.lastPending.content)}</bdi>
      </span>
    );
  }
  const last = chat.lastMessage;
  if (!last) return <span className="chat-preview truncate">{t('chats.noMessages')}</span>;
  const own = last.senderId === me;
  const sender = chat.members.find((member) => member.userId === last.senderId);
  const prefix = own ? t('chats.you') : sender && `${sender.name}:`;
  return (
    <span className="chat-preview truncate">
      {own && <Ticks state={states[last.status]} />}
      {chat.kind === 'group' && prefix && <bdi className="chat-preview-sender">{prefix} </bdi>}
      <bdi>{line(last.content)}</bdi>
    </span>
  );
}

const states = { SENT: 'sent', DELIVERED: 'delivered', READ: 'read' } as const;

function line(text: string): string {
  return text.slice(0, 200).replace(/\s+/gu, ' ').trim();
}
