/** The details of a chat, beside it: a person, or a group with its members. */
import { useEffect, useRef } from 'react';
import { useLanguage } from '../../../i18n';
import { type Chat, type UserId, usePerson } from '../../../state';
import { Avatar } from '../../../ui/Avatar';
import { IconButton } from '../../../ui/Button';
import { usePresenceText } from '../presenceText';
import { GroupDetails } from './GroupDetails';
import './details.css';

interface Props {
  chat: Chat;
  me: UserId;
  onClose: () => void;
}

/** Takes the focus when it opens, so that Esc closes it. */
export function Details({ chat, me, onClose }: Props) {
  const { t } = useLanguage();
  const aside = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    aside.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside ref={aside} className="details" tabIndex={-1} aria-label={t('chat.info')}>
      <header className="page-head details-head">
        <h2 className="page-title">{t('chat.info')}</h2>
        <IconButton icon="close" label={t('nav.close')} onClick={onClose} />
      </header>
      <div className="details-body scroll">
        {chat.peerId ? <PersonDetails id={chat.peerId} /> : <GroupDetails chat={chat} me={me} />}
      </div>
    </aside>
  );
}

function PersonDetails({ id }: { id: UserId }) {
  const person = usePerson(id);
  const presence = usePresenceText();
  return (
    <div className="details-top">
      <Avatar id={id} name={person.name} size={88} online={person.isOnline} />
      <p className="details-name" dir="auto">
        {person.name}
      </p>
      <p className="details-line">{presence(person)}</p>
      {person.email && <p className="details-line">{person.email}</p>}
    </div>
  );
}
