/** A message of one's own that the server has not confirmed. */
import type { ChatId } from '../../protocol/ChatId';
import type { Problem } from '../problem';

/** As the screens see it. */
export interface Pending {
  clientId: string;
  chatId: ChatId;
  content: string;
  /** When it was written (ms since the epoch). */
  createdAt: number;
  state: 'waiting' | 'failed';
  /** Why the server refused it; with `failed` only. */
  problem: Problem | null;
}

/** As it is stored: `n` is its place in the order of writing. */
export interface StoredPending extends Pending {
  n: number;
}

/** The next message to send of each chat: the first that waits. */
export function nextOfEachChat(all: readonly StoredPending[]): StoredPending[] {
  const next = new Map<ChatId, StoredPending>();
  for (const pending of [...all].sort((a, b) => a.n - b.n)) {
    if (pending.state === 'waiting' && !next.has(pending.chatId)) next.set(pending.chatId, pending);
  }
  return [...next.values()];
}

/** By chat, in the order of writing. */
export function byChat(all: readonly StoredPending[]): Record<ChatId, Pending[]> {
  const sorted: Record<ChatId, Pending[]> = {};
  for (const { n: _n, ...pending } of [...all].sort((a, b) => a.n - b.n)) {
    sorted[pending.chatId] = [...(sorted[pending.chatId] ?? []), pending];
  }
  return sorted;
}
