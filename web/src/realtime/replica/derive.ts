/** What follows from a chat's state without being told. */
import type { ChatState } from '../../protocol/ChatState';
import type { Message } from '../../protocol/Message';
import type { UserId } from '../../protocol/UserId';
import { type Book, slice } from './book';
import { spanAt } from './spans';

/** How far one of one's own stored messages has come. */
export type DeliveryState = 'sent' | 'delivered' | 'read';

/** How far it has come, and with whom. */
export interface Delivery {
  state: DeliveryState;
  readBy: UserId[];
  deliveredTo: UserId[];
  of: number;
}

/** The least that the other current members have done with one's message. */
export function deliveryState(chat: ChatState, me: UserId, seq: number): DeliveryState {
  const others = chat.members.filter((member) => member.userId !== me);
  if (others.length === 0) return 'sent';
  if (others.every((member) => member.readSeq >= seq)) return 'read';
  return others.every((member) => member.deliveredSeq >= seq) ? 'delivered' : 'sent';
}

/** The same with names. */
export function delivery(chat: ChatState, me: UserId, seq: number): Delivery {
  const others = chat.members.filter((member) => member.userId !== me);
  const readBy = others.filter((member) => member.readSeq >= seq);
  const reached = others.filter((member) => member.deliveredSeq >= seq && member.readSeq < seq);
  return {
    state: deliveryState(chat, me, seq),
    readBy: readBy.map((member) => member.userId),
    deliveredTo: reached.map((member) => member.userId),
    of: others.length,
  };
}

/** The seq from which on messages are unread; `null` if none is. */
export function firstUnread(chat: ChatState): number | null {
  return chat.unread > 0 ? chat.readSeq + 1 : null;
}

/** The part of a chat around a place that is held without a hole. */
export interface Stretch {
  messages: readonly Message[];
  from: number;
  to: number;
  hasOlder: boolean;
  hasNewer: boolean;
}

/** The stretch that holds `anchor`; `null` if nothing is held there. */
export function stretchAt(book: Book, head: number, anchor: number): Stretch | null {
  const span = spanAt(book.spans, anchor);
  if (!span) return null;
  return {
    messages: slice(book, span),
    from: span.from,
    to: span.to,
    hasOlder: span.from > 1,
    hasNewer: span.to < head,
  };
}

/** When something last happened that people said or did (ms since the epoch). */
export function lastActivity(chat: ChatState): number {
  return Date.parse(chat.lastMessage?.createdAt ?? chat.createdAt);
}
