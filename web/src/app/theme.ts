/** Puts the chosen theme on the page; the styles do the rest. */
import { useLayoutEffect } from 'react';
import { useSettings } from '../state';

/** Follows the settings; `system` leaves the choice to the browser. */
export function useTheme(): void {
  const { theme } = useSettings();
  useLayoutEffect(() => {
    const root = document.documentElement;
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
  }, [theme]);
}
