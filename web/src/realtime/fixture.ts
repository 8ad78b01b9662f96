/** Chats, logs and servers for tests. */
import type { ChatState } from '../protocol/ChatState';
import type { Member } from '../protocol/Member';
import type { Message } from '../protocol/Message';
import type { ServerEvent } from '../protocol/ServerEvent';
import type { SyncAck } from '../protocol/SyncAck';
import type { LoggedEvent } from './replica/model';

/** Who looks, in all tests. */
export const ME = 'me';
/** The chat, where one is enough. */
export const CHAT = 'chat';

/** The time of a place in the log. */
export const timeOf = (seq: number): string =>
  new Date(1_700_000_000_000 + seq * 1000).toISOString();

/** A member who has seen the beginning. */
export function member(userId: string, upto = 1): Member {
  return { userId, name: userId.toUpperCase(), role: 'member', deliveredSeq: upto, readSeq: upto };
}

/** A group of `ME` and the given others, just created. */
export function newChat(others: string[] = ['ann', 'bob'], id = CHAT): ChatState {
  const members = [ME, ...others].map((userId) => member(userId));
  return {
    id,
    kind: 'group',
    title: 'Title',
    participants: members.map(({ userId }) => userId),
    members,
    createdAt: timeOf(1),
    createdBy: ME,
    lastSeq: 1,
    expiredSeq: 0,
    deliveredSeq: 1,
    readSeq: 1,
    unread: 0,
    lastMessage: null,
  };
}

/** A message at a place. */
export function message(seq: number, senderId = 'ann', more: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    chatId: CHAT,
    senderId,
    content: `text ${seq}`,
    status: 'SENT',
    createdAt: timeOf(seq),
    isPinned: false,
    pinnedAt: null,
    pinnedBy: null,
    isForwarded: false,
    forwardedFromId: null,
    originalSenderId: null,
    seq,
    ...more,
  };
}

/** The event of a message. */
export const said = (seq: number, senderId = 'ann', more: Partial<Message> = {}): LoggedEvent => ({
  event: 'message',
  data: message(seq, senderId, more),
});

/** The event of a pin or unpin of a message, at a place. */
export function pinned(seq: number, target: Message, isPinned: boolean): LoggedEvent {
  const at = isPinned ? timeOf(seq) : null;
  const by = isPinned ? 'ann' : null;
  const data = { ...target, messageSeq: target.seq, seq, isPinned, pinnedAt: at, pinnedBy: by };
  return { event: isPinned ? 'message:pinned' : 'message:unpinned', data };
}

/** The event of a change of members, at a place. */
export function memberEvent(
  event: 'member:added' | 'member:removed' | 'member:left' | 'member:changed',
  seq: number,
  userId: string,
  role: 'member' | 'admin' = 'member',
): LoggedEvent {
  const name = userId.toUpperCase();
  return { event, data: { chatId: CHAT, userId, name, by: 'ann', role, seq, at: timeOf(seq) } };
}

/** The event of a new title, at a place. */
export const renamed = (seq: number, title: string): LoggedEvent => ({
  event: 'chat:updated',
  data: { chatId: CHAT, title, by: 'ann', seq, at: timeOf(seq) },
});

/** The event of an expiry up to a place, at a place. */
export const expired = (seq: number, uptoSeq: number): LoggedEvent => ({
  event: 'messages:expired',
  data: { chatId: CHAT, uptoSeq, seq, at: timeOf(seq) },
});

/** An answer of `sync`. */
export function syncAck(
  chats: ChatState[],
  events: ServerEvent[] = [],
  more: Partial<SyncAck> = {},
): SyncAck {
  return { chats, events, gaps: [], online: [], epoch: 'epoch', now: timeOf(0), ...more };
}
