/** A member of a group, with what an admin may do to them. */
import { useState } from 'react';
import { useLanguage } from '../../../i18n';
import {
  type Chat,
  type Member,
  removeMember,
  setRole,
  showToast,
  type UserId,
  usePerson,
} from '../../../state';
import { Confirm } from '../../../ui/Confirm';
import { MenuButton } from '../../../ui/MenuButton';
import { PersonRow } from '../../../ui/PersonRow';
import { useOpenPerson } from '../../chats/openPerson';
import { usePresenceText } from '../presenceText';

interface Props {
  chat: Chat;
  member: Member;
  me: UserId;
  admin: boolean;
}

/** A press opens the private chat with them. */
export function MemberRow({ chat, member, me, admin }: Props) {
  const { t } = useLanguage();
  const known = usePerson(member.userId);
  const presence = usePresenceText();
  const open = useOpenPerson();
  const [removing, setRemoving] = useState(false);
  const self = member.userId === me;
  const person = { ...known, name: member.name, isOnline: known.isOnline || self };
  const isAdmin = member.role === 'admin';
  const words = self ? t('message.you') : presence(person);
  const changeRole = async () => {
    const outcome = await setRole(chat.id, member.userId, isAdmin ? 'member' : 'admin');
    if (!outcome.ok) showToast(outcome.problem);
  };

  return (
    <li className="member">
      <button
        type="button"
        className="person-row"
        disabled={self}
        onClick={() => void open(member.userId)}
      >
        <PersonRow person={person} detail={isAdmin ? `${words} · ${t('group.admin')}` : words} />
      </button>
      {admin && !self && (
        <MenuButton
          label={t('group.memberMenu', { name: member.name })}
          entries={[
            {
              icon: 'shield',
              label: t(isAdmin ? 'group.dropAdmin' : 'group.makeAdmin'),
              run: () => void changeRole(),
            },
            {
              icon: 'trash',
              label: t('group.remove'),
              danger: true,
              run: () => setRemoving(true),
            },
          ]}
        />
      )}
      {removing && (
        <Confirm
          title={t('group.removeSure', { name: member.name })}
          text={t('group.removeHint')}
          action={t('group.remove')}
          run={() => removeMember(chat.id, member.userId)}
          onClose={() => setRemoving(false)}
        />
      )}
    </li>
  );
}
