/** Everything that a signed-in client knows, in one observable place. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ChatId } from '../protocol/ChatId';
import type { UserId } from '../protocol/UserId';
import type { LineState } from './line';
import type { Pending } from './outbox/pending';
import { emptyReplica, type Replica } from './replica/model';

/** What the server limits by itself. `event` is every command. */
export type LimitKind = 'message' | 'event' | 'pin' | 'forward' | 'sign-in' | 'sign-up';

/** What is held. */
export interface Held {
  replica: Replica;
  /** Whether the list of chats is known: some were kept, or the server has told. */
  ready: boolean;
  line: LineState;
  /** Unconfirmed messages by chat, in the order of writing. */
  pending: Readonly<Record<ChatId, readonly Pending[]>>;
  /** Who types where. */
  typing: Readonly<Record<ChatId, readonly UserId[]>>;
  /** Until when something is refused (ms since the epoch). */
  limits: Readonly<Partial<Record<LimitKind, number>>>;
}

/** The observable place. */
export type Cell = StoreApi<Held>;

/** What is held of someone's data before anything is known. */
export function nothingHeld(me: UserId): Held {
  return {
    replica: emptyReplica(me),
    ready: false,
    line: { state: 'connecting', since: Date.now() },
    pending: {},
    typing: {},
    limits: {},
  };
}

/** An observable place for someone's data. */
export const createCell = (me: UserId): Cell => createStore<Held>(() => nothingHeld(me));

/** Changes the replica in a cell by a pure function. */
export function changeReplica(cell: Cell, change: (replica: Replica) => Replica): void {
  const { replica } = cell.getState();
  const next = change(replica);
  if (next !== replica) cell.setState({ replica: next });
}
