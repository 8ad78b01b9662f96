/** How far members have received and read. Cursors never go back. */
import type { ChatState } from '../../protocol/ChatState';
import type { Member } from '../../protocol/Member';
import type { UserId } from '../../protocol/UserId';
import { firstFrom } from './book';
import type { ChatReplica } from './model';
import { covers } from './spans';

/** A cursor's new place. Reading implies having received. */
export interface Reach {
  userId: UserId;
  delivered: number;
  read: number;
}

/** The chat after a member's cursor moved; counts unread messages anew if it was one's own. */
export function moveCursor(chat: ChatReplica, me: UserId, reach: Reach): ChatReplica {
  const state = moved(chat.state, me, reach);
  if (state === chat.state) return chat;
  if (state.readSeq === chat.state.readSeq) return { ...chat, state };
  const unread = unreadAfter(chat, me, state.readSeq);
  const count = unread ?? chat.state.unread;
  return { ...chat, state: { ...state, unread: count }, unsure: chat.unsure || unread === null };
}

/** Messages of others after this cursor; `null` if what is held does not tell. */
export function unreadAfter(chat: ChatReplica, me: UserId, readSeq: number): number | null {
  const { book, state } = chat;
  const count = (from: number, to: number) =>
    book.messages
      .slice(firstFrom(book.messages, from), firstFrom(book.messages, to + 1))
      .filter((message) => message.senderId !== me).length;
  if (covers(book.spans, readSeq + 1, state.lastSeq)) return count(readSeq + 1, state.lastSeq);
  if (readSeq < state.readSeq || chat.unsure) return null;
  if (!covers(book.spans, state.readSeq + 1, readSeq)) return null;
  return Math.max(0, state.unread - count(state.readSeq + 1, readSeq));
}

function moved(state: ChatState, me: UserId, reach: Reach): ChatState {
  const delivered = Math.max(reach.delivered, reach.read);
  const advances = (to: { deliveredSeq: number; readSeq: number }) =>
    to.deliveredSeq < delivered || to.readSeq < reach.read;
  const step = <T extends { deliveredSeq: number; readSeq: number }>(held: T): T => ({
    ...held,
    deliveredSeq: Math.max(held.deliveredSeq, delivered),
    readSeq: Math.max(held.readSeq, reach.read),
  });
  const concerns = (member: Member) => member.userId === reach.userId && advances(member);
  const members = state.members.some(concerns)
    ? state.members.map((member) => (concerns(member) ? step(member) : member))
    : state.members;
  const own = reach.userId === me && advances(state);
  if (!own && members === state.members) return state;
  return own ? { ...step(state), members } : { ...state, members };
}
