/** The head of a chat: with whom, whether they are there, and what can be done. */
import { useLanguage } from '../../i18n';
import { type Chat, showToast, usePeople, usePerson, useTyping } from '../../state';
import { BackButton } from '../../ui/BackButton';
import { IconButton } from '../../ui/Button';
import { copyText } from '../../ui/copyText';
import { MenuButton } from '../../ui/MenuButton';
import { ChatAvatar } from '../chats/ChatRow';
import { usePresenceText } from './presenceText';
import { useTypingText } from './typingText';

interface Props {
  chat: Chat;
  details: boolean;
  onDetails: () => void;
}

/** A press on the name opens the details. */
export function ChatHeader({ chat, details, onDetails }: Props) {
  const { t } = useLanguage();
  const copyLink = async () => {
    const copied = await copyText(`${window.location.origin}/chats/${chat.id}`);
    if (!copied) showToast({ code: 'unknown' });
  };
  return (
    <header className="page-head chat-head">
      <BackButton />
      <button type="button" className="chat-head-who" aria-expanded={details} onClick={onDetails}>
        <ChatAvatar chat={chat} size={40} />
        <span className="chat-head-text">
          <h1 className="chat-head-name truncate">
            <bdi>{chat.name || t('chats.unknown')}</bdi>
          </h1>
          {chat.peerId ? <PeerLine chat={chat} id={chat.peerId} /> : <GroupLine chat={chat} />}
        </span>
      </button>
      <IconButton icon="info" label={t('chat.info')} aria-expanded={details} onClick={onDetails} />
      <MenuButton
        label={t('chat.menu')}
        entries={[
          { icon: 'info', label: t('chat.info'), run: onDetails },
          { icon: 'link', label: t('chat.copyLink'), run: () => void copyLink() },
        ]}
      />
    </header>
  );
}

function PeerLine({ chat, id }: { chat: Chat; id: string }) {
  const person = usePerson(id);
  const presence = usePresenceText();
  const typing = useTypingText(chat, useTyping(chat.id));
  return <Line live={typing}>{presence(person)}</Line>;
}

function GroupLine({ chat }: { chat: Chat }) {
  const { t } = useLanguage();
  const typing = useTypingText(chat, useTyping(chat.id));
  const members = new Set(chat.members.map((member) => member.userId));
  const others = usePeople().filter((person) => person.isOnline && members.has(person.id)).length;
  return (
    <Line live={typing}>
      {t('chat.members', { count: members.size })}, {t('chat.online', { count: others + 1 })}
    </Line>
  );
}

function Line({ live, children }: { live: string; children: React.ReactNode }) {
  return (
    <span className={`chat-head-line truncate ${live ? 'chat-head-live' : ''}`}>
      {live || children}
    </span>
  );
}
