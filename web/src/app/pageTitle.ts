/** The title and the icon of the tab: where one is, and how much is unread. */
import { useEffect } from 'react';
import { useLanguage } from '../i18n';
import { useUnreadTotal } from '../state';

/** What is read as it comes is unread for a moment, which nobody wants to see (ms). */
const CALM = 120;

/** `(3) Ada · Zvon`, and a dot on the icon while anything is unread. */
export function usePageTitle(place: string): void {
  const unread = useUnreadTotal();
  const { number, t } = useLanguage();
  const name = t('app.name');

  useEffect(() => {
    const timer = setTimeout(() => {
      const count = unread > 0 ? `(${number(unread)}) ` : '';
      const title = `${count}${place ? `${place} · ` : ''}${name}`;
      if (document.title !== title) document.title = title;
      const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
      const href = unread > 0 ? '/icon-unread.svg' : '/icon.svg';
      if (icon && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
    }, CALM);
    return () => clearTimeout(timer);
  }, [unread, place, number, name]);
}
