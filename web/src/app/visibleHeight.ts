/** The room above an on-screen keyboard, where the browser lays the keyboard over the page. */
import { useEffect } from 'react';

/** Gives the styles `--visible-height` while less than the whole window is visible. */
export function useVisibleHeight(): void {
  useEffect(() => {
    const view = window.visualViewport;
    if (!view) return;
    const follow = () => {
      const zoomed = view.scale > 1.01;
      const covered = window.innerHeight - view.height > 1 && !zoomed;
      const { style } = document.documentElement;
      if (covered) style.setProperty('--visible-height', `${view.height}px`);
      else style.removeProperty('--visible-height');
      if (covered) window.scrollTo(0, 0);
    };
    view.addEventListener('resize', follow);
    return () => view.removeEventListener('resize', follow);
  }, []);
}
