/**
 * A chat's log, applied strictly in order of seq, each event once: what was heard before is
 * dropped, what lies beyond a hole waits. So any order of arrival ends in the same state.
 */
import type { ChatState } from '../../protocol/ChatState';
import type { MemberNotice } from '../../protocol/MemberNotice';
import type { Message } from '../../protocol/Message';
import type { PinNotice } from '../../protocol/PinNotice';
import type { UserId } from '../../protocol/UserId';
import { extend, newestPart, replace } from './book';
import { moveCursor } from './cursors';
import { withoutExpired } from './expiry';
import type { ChatReplica, LoggedEvent } from './model';
import { pinnedWith } from './pins';

/** How many messages are held of a chat that nobody has looked at. */
const UNSEEN = 100;

/** The chat after an event; `null` when one is no member any more. */
export function applyLogged(chat: ChatReplica, me: UserId, event: LoggedEvent): ChatReplica | null {
  const { seq } = event.data;
  if (seq <= chat.state.lastSeq) return chat;
  if (seq > chat.state.lastSeq + 1) return { ...chat, ahead: inserted(chat.ahead, event) };
  const next = step(chat, me, event);
  return next && drain(next, me);
}

/** Whether something is missing before what has been heard. */
export function hasHole(chat: ChatReplica): boolean {
  return chat.ahead.length > 0;
}

/** Applies what waited and can be applied now. */
export function drain(chat: ChatReplica, me: UserId): ChatReplica | null {
  const ahead = chat.ahead.filter((event) => event.data.seq > chat.state.lastSeq);
  const [first, ...rest] = ahead;
  if (!first || first.data.seq > chat.state.lastSeq + 1) {
    return ahead.length === chat.ahead.length ? chat : { ...chat, ahead };
  }
  const next = step({ ...chat, ahead: rest }, me, first);
  return next && drain(next, me);
}

function inserted(ahead: readonly LoggedEvent[], event: LoggedEvent): readonly LoggedEvent[] {
  if (ahead.some((held) => held.data.seq === event.data.seq)) return ahead;
  return [...ahead, event].sort((a, b) => a.data.seq - b.data.seq);
}

function step(chat: ChatReplica, me: UserId, event: LoggedEvent): ChatReplica | null {
  const { seq } = event.data;
  const message = event.event === 'message' ? event.data : null;
  const state = { ...chat.state, lastSeq: seq };
  const book = extend(chat.book, seq, message);
  const here = { ...chat, state, book: chat.kept ? book : newestPart(book, UNSEEN) };
  switch (event.event) {
    case 'message':
      return said(here, me, event.data);
    case 'message:pinned':
    case 'message:unpinned':
      return pinChanged(here, event.data);
    case 'messages:expired':
      return withoutExpired(here, me, event.data.uptoSeq);
    case 'retention:changed':
      return here;
    case 'chat:updated':
      return { ...here, state: { ...state, title: event.data.title } };
    case 'member:added':
    case 'member:changed':
      return { ...here, state: withMember(state, event.data) };
    case 'member:removed':
    case 'member:left':
      if (event.data.userId === me) return null;
      return { ...here, state: withoutMember(state, event.data.userId) };
  }
}

/** Who sends has read everything; a message that arrived as delivered has reached everybody. */
function said(chat: ChatReplica, me: UserId, message: Message): ChatReplica {
  const { seq, senderId } = message;
  const isUnread = senderId !== me && seq > chat.state.readSeq;
  const unread = chat.state.unread + (isUnread ? 1 : 0);
  const told = { ...chat, state: { ...chat.state, lastMessage: message, unread } };
  const sent = moveCursor(told, me, { userId: senderId, delivered: seq, read: seq });
  if (message.status === 'SENT') return sent;
  const read = message.status === 'READ' ? seq : 0;
  const others = chat.state.members.filter((member) => member.userId !== senderId);
  return others.reduce(
    (now, { userId }) => moveCursor(now, me, { userId, delivered: seq, read }),
    sent,
  );
}

function pinChanged(chat: ChatReplica, notice: PinNotice): ChatReplica {
  const { isPinned, pinnedAt, pinnedBy } = notice;
  const change = (held: Message) => ({ ...held, isPinned, pinnedAt, pinnedBy });
  const { lastMessage } = chat.state;
  const newest = lastMessage?.id === notice.id ? change(lastMessage) : lastMessage;
  return {
    ...chat,
    state: { ...chat.state, lastMessage: newest },
    book: replace(chat.book, notice.messageSeq, change),
    pins: { ...chat.pins, [notice.id]: notice },
    pinned: chat.pinned && pinnedWith(chat.pinned, notice),
  };
}

/** Someone new starts where they come in; they need not read what was before. */
function withMember(state: ChatState, { userId, name, role, seq }: MemberNotice): ChatState {
  const held = state.members.find((member) => member.userId === userId);
  const joined = { userId, name, role, deliveredSeq: seq, readSeq: seq };
  const member = held ? { ...held, name, role } : joined;
  const { members, participants } = withoutMember(state, userId);
  return { ...state, members: [...members, member], participants: [...participants, userId] };
}

function withoutMember(state: ChatState, userId: UserId): ChatState {
  return {
    ...state,
    members: state.members.filter((member) => member.userId !== userId),
    participants: state.participants.filter((id) => id !== userId),
  };
}
