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
  /** `failed`: why the server refused it; `waiting`: why it is in danger, if it is. */
  problem: Problem | null;
}

/** As it is stored: `n` is its place in the order of writing. */
export interface StoredPending extends Pending {
  n: number;
}

/** What is stored, and what is not: each of those after everything that was written before it. */
export function inOrder(
  stored: readonly StoredPending[],
  unstored: readonly Pending[],
): StoredPending[] {
  const placeOf = ({ createdAt }: Pending) =>
    stored.reduce(
      (last, other) => (other.createdAt <= createdAt ? Math.max(last, other.n) : last),
      0,
    );
  return [...stored, ...unstored.map((pending) => ({ ...pending, n: placeOf(pending) + 0.5 }))];
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
