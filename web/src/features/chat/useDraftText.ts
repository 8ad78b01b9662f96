/** The text of a composer, kept as the chat's draft a moment after each change. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type ChatId, draftsOwner, setDraft, useDraft } from '../../state';

/** How long after the last key the draft is stored (ms). */
const DELAY = 250;

/** Typing waits for nothing; what another tab writes into the draft shows up here. */
export function useDraftText(chatId: ChatId) {
  const stored = useDraft(chatId);
  const [text, setText] = useState(stored);
  const saved = useRef(stored);
  const unsaved = useRef<string | null>(null);
  const [writer] = useState(draftsOwner);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const flush = useCallback(() => {
    clearTimeout(timer.current);
    if (unsaved.current === null) return;
    saved.current = unsaved.current;
    unsaved.current = null;
    setDraft(chatId, saved.current, writer);
  }, [chatId, writer]);

  useEffect(() => {
    if (stored === saved.current || unsaved.current !== null) return;
    saved.current = stored;
    setText(stored);
  }, [stored]);
  useEffect(() => {
    window.addEventListener('pagehide', flush);
    return () => {
      window.removeEventListener('pagehide', flush);
      flush();
    };
  }, [flush]);

  const change = (next: string) => {
    setText(next);
    unsaved.current = next;
    clearTimeout(timer.current);
    timer.current = setTimeout(flush, DELAY);
  };
  /** Empties it without storing: sending has cleared the draft. */
  const clear = () => {
    clearTimeout(timer.current);
    unsaved.current = null;
    saved.current = '';
    setText('');
  };
  return { text, change, clear };
}
