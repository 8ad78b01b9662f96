/** One chat in the list. */
import { memo } from 'react';
import { Link } from 'wouter';
import { useLanguage } from '../../i18n';
import { type Chat, usePerson } from '../../state';
import { Avatar } from '../../ui/Avatar';
import { ChatPreview } from './ChatPreview';

interface Props {
  chat: Chat;
  selected?: boolean;
  tabbable?: boolean;
  onClick?: () => void;
}

/** Avatar, name, last line, time, unread. */
export const ChatRow = memo(function ChatRow({ chat, selected, tabbable = true, onClick }: Props) {
  const { t, brief, full, number } = useLanguage();
  const name = chat.name || t('chats.unknown');
  const at = new Date(chat.lastActivity);
  return (
    <Link
      href={`/chats/${chat.id}`}
      state={{ fromList: true }}
      className="chat-row"
      aria-current={selected ? 'page' : undefined}
      tabIndex={tabbable ? 0 : -1}
      data-result=""
      onClick={onClick}
    >
      <ChatAvatar chat={chat} />
      <span className="chat-row-text">
        <span className="chat-row-line">
          <bdi className="chat-row-name truncate">{name}</bdi>
          <time className="chat-row-time" dateTime={at.toISOString()} title={full(at)}>
            {brief(at)}
          </time>
        </span>
        <span className="chat-row-line">
          <ChatPreview chat={chat} open={selected ?? false} />
          {chat.unread > 0 && (
            <span className="badge">
              <span aria-hidden="true">{chat.unread > 999 ? '999+' : number(chat.unread)}</span>
              <span className="sr-only">{t('chats.unread', { count: chat.unread })}</span>
            </span>
          )}
        </span>
      </span>
    </Link>
  );
});

/** The other one with presence, or the group. */
export function ChatAvatar({ chat, size = 48 }: { chat: Chat; size?: number }) {
  return chat.peerId ? (
    <PeerAvatar id={chat.peerId} name={chat.name} size={size} />
  ) : (
    <Avatar id={chat.id} name={chat.name} size={size} group />
  );
}

function PeerAvatar({ id, name, size }: { id: string; name: string; size: number }) {
  const { t } = useLanguage();
  const { isOnline } = usePerson(id);
  return (
    <>
      <Avatar id={id} name={name} size={size} online={isOnline} />
      {isOnline && <span className="sr-only">{t('presence.online')}</span>}
    </>
  );
}
