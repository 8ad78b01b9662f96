/** Keys that work everywhere. */
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useChats } from '../state';
import { useOverlay } from './overlay';

/** Ctrl/⌘ K, Alt ↑ and ↓, and `?`. Shows nothing. */
export function Shortcuts(): null {
  const chats = useChats();
  const [path, navigate] = useLocation();
  const show = useOverlay((overlay) => overlay.show);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.code === 'KeyK' && !event.altKey) {
        event.preventDefault();
        show('switcher');
      } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        event.preventDefault();
        const now = chats.findIndex((chat) => path === `/chats/${chat.id}`);
        const next = chats[now + (event.key === 'ArrowDown' ? 1 : -1)] ?? (now < 0 && chats[0]);
        if (next) navigate(`/chats/${next.id}`);
      } else if (event.key === '?' && !isTyping(event.target)) {
        event.preventDefault();
        show('shortcuts');
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [chats, path, navigate, show]);
  return null;
}

/** How the platform calls the key of commands. */
export const commandKey = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '')
  ? '⌘'
  : 'Ctrl';

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, [contenteditable]') !== null
  );
}
