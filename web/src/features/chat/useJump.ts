/** Going to a message of the open chat, wherever it is. */
import { type RefObject, useCallback } from 'react';
import { type ChatId, loadAround } from '../../state';
import type { ListControl } from './MessageList';

/** Loads the page around the message if need be, scrolls there and marks it for a moment. */
export function useJump(chatId: ChatId, list: RefObject<ListControl | null>) {
  return useCallback(
    async (seq: number) => {
      await loadAround(chatId, seq);
      requestAnimationFrame(() => list.current?.show(seq));
    },
    [chatId, list],
  );
}
