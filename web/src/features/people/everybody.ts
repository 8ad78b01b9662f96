/** Everybody there is, or those who fit what is typed. */
import { useMemo } from 'react';
import { useLanguage } from '../../i18n';
import { type PersonView, usePeople, usePeopleSearch } from '../../state';
import { matches } from '../chats/finder';

/** Sorted by name as the language sorts, without oneself. */
export function useEverybody(query: string): { people: PersonView[]; loading: boolean } {
  const wanted = query.trim();
  const known = usePeople();
  const search = usePeopleSearch(wanted);
  const { collator } = useLanguage();
  return useMemo(() => {
    const people = new Map<string, PersonView>();
    for (const person of [...search.people, ...known]) {
      const fits = !wanted || matches(person.name, wanted) || matches(person.email ?? '', wanted);
      if (fits && !person.isSelf) people.set(person.id, person);
    }
    return {
      people: [...people.values()].sort((a, b) => collator.compare(a.name, b.name)),
      loading: search.loading,
    };
  }, [known, search, wanted, collator]);
}
