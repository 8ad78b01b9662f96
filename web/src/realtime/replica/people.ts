/** Who is known, and who is there. */
import type { ChatState } from '../../protocol/ChatState';
import type { Person } from '../../protocol/Person';
import type { UserId } from '../../protocol/UserId';
import type { Known, Replica } from './model';

/** The replica with the answer of `users:list`. */
export function withPeople(replica: Replica, people: readonly Person[]): Replica {
  const known = people.map((person) => toldOf(replica, person.id, person));
  return put(replica, known);
}

/** The replica with the members of chats. */
export function withMembers(replica: Replica, chats: readonly ChatState[]): Replica {
  const members = chats.flatMap((chat) => chat.members);
  return put(
    replica,
    members.map(({ userId, name }) => toldOf(replica, userId, { name })),
  );
}

/** The replica when exactly these are online. */
export function withOnline(replica: Replica, online: readonly UserId[]): Replica {
  const there = new Set(online);
  const known = Object.values(replica.people);
  return put(
    replica,
    known.map((person) => ({ ...person, isOnline: there.has(person.id) })),
  );
}

/** The replica after someone came or went. */
export function withPresence(
  replica: Replica,
  id: UserId,
  isOnline: boolean,
  lastSeen: number | null,
): Replica {
  const held = replica.people[id];
  return put(replica, [
    toldOf(replica, id, { isOnline, lastSeen: lastSeen ?? held?.lastSeen ?? null }),
  ]);
}

function toldOf(replica: Replica, id: UserId, news: Partial<Known>): Known {
  const nobody = { id, name: '', email: null, isOnline: false, lastSeen: null };
  const { name, email, isOnline, lastSeen } = { ...nobody, ...replica.people[id], ...news };
  return { id, name, email, isOnline, lastSeen };
}

function put(replica: Replica, changed: readonly Known[]): Replica {
  const news = changed.filter((known) => !isSame(known, replica.people[known.id]));
  if (news.length === 0) return replica;
  const entries = news.map((known) => [known.id, known] as const);
  return { ...replica, people: { ...replica.people, ...Object.fromEntries(entries) } };
}

function isSame(a: Known, b: Known | undefined): boolean {
  return (
    b !== undefined &&
    a.name === b.name &&
    a.email === b.email &&
    a.isOnline === b.isOnline &&
    a.lastSeen === b.lastSeen
  );
}
