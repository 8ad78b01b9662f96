/** Who has read a message of one's own in a group. */
import { useLanguage } from '../../i18n';
import { type Chat, useDelivery, usePerson, useSession } from '../../state';
import { Dialog } from '../../ui/Dialog';
import { PersonRow } from '../../ui/PersonRow';
import { usePresenceText } from './presenceText';

interface Props {
  chat: Chat;
  seq: number;
  onClose: () => void;
}

/** Three lists: read, delivered, neither. */
export function ReadersDialog({ chat, seq, onClose }: Props) {
  const { t } = useLanguage();
  const { readBy, deliveredTo, of } = useDelivery(chat.id, seq);
  const me = useSession().account?.id;
  const reached = new Set([...readBy, ...deliveredTo, me]);
  const rest = chat.members.map((member) => member.userId).filter((id) => !reached.has(id));
  const lists = [
    [t('message.readList'), readBy],
    [t('message.deliveredList'), deliveredTo],
    [t('message.sentList'), rest],
  ] as const;
  return (
    <Dialog title={t('message.readBy', { read: readBy.length, count: of })} onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled by keyboard. */}
      <div className="readers scroll" tabIndex={0}>
        {lists.map(
          ([heading, ids]) =>
            ids.length > 0 && (
              <section key={heading} aria-label={heading}>
                <h3 className="list-heading">{heading}</h3>
                <ul>
                  {ids.map((id) => (
                    <Reader key={id} id={id} />
                  ))}
                </ul>
              </section>
            ),
        )}
      </div>
    </Dialog>
  );
}

function Reader({ id }: { id: string }) {
  const person = usePerson(id);
  const presence = usePresenceText();
  return (
    <li className="person-row">
      <PersonRow person={person} detail={presence(person)} />
    </li>
  );
}
