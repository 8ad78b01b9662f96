/** A person in a list: avatar, name, and one line about them. */
import type { ReactNode } from 'react';
import type { PersonView } from '../state';
import { Avatar } from './Avatar';

/** The inside of a row; what is around it decides what a press does. */
export function PersonRow({ person, detail }: { person: PersonView; detail?: ReactNode }) {
  return (
    <>
      <Avatar id={person.id} name={person.name} size={40} online={person.isOnline} />
      <span className="person-text">
        <bdi className="person-name truncate">{person.name}</bdi>
        {detail && <span className="person-detail truncate">{detail}</span>}
      </span>
    </>
  );
}
