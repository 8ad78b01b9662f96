/** Who there is, and who is there. */
import { useEffect, useMemo, useState } from 'react';
import type { UserId } from '../protocol/UserId';
import { changeReplica } from '../realtime/held';
import type { Outcome } from '../realtime/problem';
import { failed } from '../realtime/problem';
import type { Known } from '../realtime/replica/model';
import { withPeople } from '../realtime/replica/people';
import { call, client, current, useHeld } from './current';
import type { PeopleSearch, PersonView, Problem } from './model';

/** How long typing has to pause before the server is asked. */
const PAUSE = 200;
/** Most people of one search. */
const MOST = 50;

export function usePeople(): PersonView[] {
  const people = useHeld((held) => held.replica.people);
  const me = useHeld((held) => held.replica.me);
  return useMemo(() => {
    const order = new Intl.Collator();
    const others = Object.values(people).filter((known) => known.id !== me && known.name !== '');
    return others.map((known) => viewOf(known, me)).sort((a, b) => order.compare(a.name, b.name));
  }, [people, me]);
}

export function usePerson(userId: UserId): PersonView {
  const known = useHeld((held) => held.replica.people[userId]);
  const me = useHeld((held) => held.replica.me);
  return useMemo(() => viewOf(known ?? unknown(userId), me), [known, userId, me]);
}

export function usePeopleSearch(prefix: string): PeopleSearch {
  const people = usePeople();
  const wanted = prefix.trim().toLowerCase();
  const [asked, setAsked] = useState<{ wanted: string; problem: Problem | null } | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let isWanted = true;
    const timer = setTimeout(async () => {
      const outcome = await search(wanted);
      if (isWanted) setAsked({ wanted, problem: outcome.ok ? null : outcome.problem });
    }, PAUSE);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [wanted]);
  const found = useMemo(() => people.filter((person) => matches(person, wanted)), [people, wanted]);
  const isAnswered = !wanted || asked?.wanted === wanted;
  return {
    people: found,
    loading: !isAnswered,
    problem: isAnswered ? (asked?.problem ?? null) : null,
  };
}

export async function refreshPeople(): Promise<Outcome> {
  return (await client()?.refreshPeople()) ?? failed({ code: 'offline' });
}

/** Whether a name, a part of it, or an address starts with what was typed. */
export function matches(person: Pick<PersonView, 'name' | 'email'>, wanted: string): boolean {
  const name = person.name.toLowerCase();
  const isNamed = name.startsWith(wanted) || name.split(/\s+/).some((w) => w.startsWith(wanted));
  return isNamed || (person.email?.toLowerCase().startsWith(wanted) ?? false);
}

/** Asks the server; what it knows joins what is known here. */
async function search(query: string): Promise<Outcome> {
  const { cell } = current.getState();
  const answer = await call('users:list', { query, limit: MOST });
  if (!answer.ok) return answer;
  changeReplica(cell, (replica) => withPeople(replica, answer.value.users));
  return { ok: true, value: undefined };
}

function unknown(id: UserId): Known {
  return { id, name: '', email: null, isOnline: false, lastSeen: null };
}

function viewOf({ id, name, email, isOnline, lastSeen }: Known, me: UserId): PersonView {
  return { id, name, email, isOnline, lastSeen, isSelf: id === me };
}
