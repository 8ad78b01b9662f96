/**
 * What this client holds of the server's data. It is only ever changed by the pure functions of
 * this folder: every change makes new objects for what changed and keeps the others.
 */
import type { ChatId } from '../../protocol/ChatId';
import type { ChatState } from '../../protocol/ChatState';
import type { Message } from '../../protocol/Message';
import type { MessageId } from '../../protocol/MessageId';
import type { PinNotice } from '../../protocol/PinNotice';
import type { ServerEvent } from '../../protocol/ServerEvent';
import type { UserId } from '../../protocol/UserId';
import { type Book, EMPTY_BOOK, extend } from './book';

/** An event that has a place in a chat's log. */
export type LoggedEvent = Extract<ServerEvent, { data: { chatId: ChatId; seq: number } }>;

/** One chat. `state.lastSeq` is the head: everything up to it has been applied, in order. */
export interface ChatReplica {
  readonly state: ChatState;
  /** Events beyond a hole, ascending; they wait for what is missing. */
  readonly ahead: readonly LoggedEvent[];
  readonly book: Book;
  /** The last word on each message's pin that came as an event: pages may be older. */
  readonly pins: Readonly<Record<MessageId, PinNotice>>;
  /** Pinned messages, newest pin first; `null` while unknown. */
  readonly pinned: readonly Message[] | null;
  /** Whether pages of it are held, here or in the cache, so that it is worth catching up. */
  readonly kept: boolean;
  /** Whether `unread` could not be counted from what is held. */
  readonly unsure: boolean;
  /** Grows when everything held was dropped: what was kept elsewhere has to go too. */
  readonly era: number;
}

/** Someone. */
export interface Known {
  readonly id: UserId;
  readonly name: string;
  readonly email: string | null;
  readonly isOnline: boolean;
  readonly lastSeen: number | null;
}

/** Everything. */
export interface Replica {
  readonly me: UserId;
  /** The log's epoch; `null` before the first `sync`. */
  readonly epoch: string | null;
  readonly chats: Readonly<Record<ChatId, ChatReplica>>;
  readonly people: Readonly<Record<UserId, Known>>;
}

/** Nothing is known yet. */
export function emptyReplica(me: UserId): Replica {
  return { me, epoch: null, chats: {}, people: {} };
}

/** A chat of which nothing is held but its state. */
export function freshChat(state: ChatState, era = 0): ChatReplica {
  const from = state.lastMessage?.seq ?? 1;
  const spans = state.lastSeq >= from ? [{ from, to: state.lastSeq }] : [];
  const book = state.lastMessage
    ? { ...extend(EMPTY_BOOK, from, state.lastMessage), spans }
    : { ...EMPTY_BOOK, spans };
  return {
    state,
    era,
    book,
    ahead: [],
    pins: {},
    pinned: null,
    kept: false,
    unsure: false,
  };
}

/** The replica with one chat changed. */
export function withChat(replica: Replica, chat: ChatReplica): Replica {
  if (replica.chats[chat.state.id] === chat) return replica;
  return { ...replica, chats: { ...replica.chats, [chat.state.id]: chat } };
}

/** The replica without a chat. */
export function withoutChat(replica: Replica, id: ChatId): Replica {
  if (!replica.chats[id]) return replica;
  const { [id]: _gone, ...chats } = replica.chats;
  return { ...replica, chats };
}
