/** Presence in words. */
import { useCallback } from 'react';
import { useLanguage } from '../../i18n';
import type { PersonView } from '../../state';

/** `online`, `last seen yesterday`, or just `offline`. */
export function usePresenceText(): (person: PersonView) => string {
  const { t, brief } = useLanguage();
  return useCallback(
    (person) => {
      if (person.isOnline) return t('presence.online');
      if (person.lastSeen === null) return t('presence.offline');
      return t('presence.seen', { when: brief(new Date(person.lastSeen)) });
    },
    [t, brief],
  );
}
