/** Finding chats and people by the beginning of a word. */
import { useMemo } from 'react';
import { useLanguage } from '../../i18n';
import { type Chat, type PersonView, useChats, usePeople, usePeopleSearch } from '../../state';

/** What was found; `loading` while the server is still being asked. */
export interface Found {
  chats: Chat[];
  people: PersonView[];
  loading: boolean;
}

/** Nothing typed finds every chat. People with an open chat are found as that chat. */
export function useFinder(query: string): Found {
  const wanted = query.trim();
  const chats = useChats();
  const known = usePeople();
  const search = usePeopleSearch(wanted);
  const { collator } = useLanguage();

  return useMemo(() => {
    const found = wanted ? chats.filter((chat) => matches(chat.name, wanted)) : chats;
    const taken = new Set(found.map((chat) => chat.peerId));
    const people = new Map<string, PersonView>();
    if (wanted) {
      for (const person of [...known, ...search.people]) {
        const fits = matches(person.name, wanted) || matches(person.email ?? '', wanted);
        if (fits && !taken.has(person.id) && !person.isSelf) people.set(person.id, person);
      }
    }
    return {
      chats: found,
      people: [...people.values()].sort((a, b) => collator.compare(a.name, b.name)).slice(0, 50),
      loading: search.loading,
    };
  }, [chats, known, search, wanted, collator]);
}

/** Whether a word of the text begins with what is wanted, whatever the case and the accents. */
export function matches(text: string, wanted: string): boolean {
  const inText = plain(text);
  const inWanted = plain(wanted);
  return inText.startsWith(inWanted) || inText.includes(` ${inWanted}`);
}

function plain(text: string): string {
  return text.trim().toLocaleLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
}
