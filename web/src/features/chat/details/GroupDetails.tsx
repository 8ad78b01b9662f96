/** A group: its name, its members, and what an admin may do. */
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useLanguage } from '../../../i18n';
import { type Chat, leaveChat, type UserId } from '../../../state';
import { Avatar } from '../../../ui/Avatar';
import { IconButton } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { Icon } from '../../../ui/Icon';
import { AddMembersDialog } from './AddMembersDialog';
import { MemberRow } from './MemberRow';
import { RenameForm } from './RenameForm';

/** Members by name; admins see more. */
export function GroupDetails({ chat, me }: { chat: Chat; me: UserId }) {
  const { t, collator } = useLanguage();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState<'rename' | 'add' | 'leave' | null>(null);
  const close = () => setOpen(null);
  const rename = useRef<HTMLButtonElement>(null);
  const wasRenaming = useRef(false);
  useEffect(() => {
    if (wasRenaming.current) rename.current?.focus();
    wasRenaming.current = open === 'rename';
  }, [open]);
  const admin = chat.role === 'admin';
  const leave = async () => {
    const outcome = await leaveChat(chat.id);
    if (outcome.ok) navigate('/chats', { replace: true });
    return outcome;
  };
  const members = [...chat.members].sort((a, b) => collator.compare(a.name, b.name));
  return (
    <>
      <div className="details-top">
        <Avatar id={chat.id} name={chat.name} size={88} group />
        {open === 'rename' ? (
          <RenameForm chat={chat} onClose={close} />
        ) : (
          <p className="details-name">
            <bdi>{chat.name}</bdi>
            {admin && (
              <IconButton
                ref={rename}
                icon="edit"
                size={18}
                label={t('group.rename')}
                onClick={() => setOpen('rename')}
              />
            )}
          </p>
        )}
        <p className="details-line">{t('chat.members', { count: members.length })}</p>
      </div>
      {admin && (
        <button type="button" className="details-action" onClick={() => setOpen('add')}>
          <Icon name="plus" />
          {t('group.add')}
        </button>
      )}
      <ul className="details-members">
        {members.map((member) => (
          <MemberRow key={member.userId} chat={chat} member={member} me={me} admin={admin} />
        ))}
      </ul>
      <button
        type="button"
        className="details-action details-danger"
        onClick={() => setOpen('leave')}
      >
        <Icon name="leave" />
        {t('group.leave')}
      </button>
      {open === 'add' && <AddMembersDialog chat={chat} onClose={close} />}
      {open === 'leave' && (
        <Confirm
          title={t('group.leaveSure', { name: chat.name })}
          text={t('group.leaveHint')}
          action={t('group.leave')}
          run={leave}
          onClose={close}
        />
      )}
    </>
  );
}
