/** What is pinned, kept right while pages and events cross each other. */
import type { Message } from '../../protocol/Message';
import type { PinNotice } from '../../protocol/PinNotice';
import type { ChatReplica } from './model';

/** The message a notice is about, as it is after it. */
export function messageOf({ messageSeq, ...message }: PinNotice): Message {
  return { ...message, seq: messageSeq };
}

/** The pinned messages after a notice, newest pin first. */
export function pinnedWith(pinned: readonly Message[], notice: PinNotice): readonly Message[] {
  const others = pinned.filter((message) => message.id !== notice.id);
  return notice.isPinned ? byNewestPin([messageOf(notice), ...others]) : others;
}

/** The chat with the answer of `chat:get-pinned`; what came as an event is never older. */
export function withPinned(chat: ChatReplica, answer: readonly Message[]): ChatReplica {
  const there = answer.filter((message) => message.seq > chat.state.expiredSeq);
  return { ...chat, pinned: Object.values(chat.pins).reduce(pinnedWith, there) };
}

/** A page's messages with what events have said since about their pins. */
export function withNotices(chat: ChatReplica, messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => {
    const notice = chat.pins[message.id];
    if (!notice) return message;
    const { isPinned, pinnedAt, pinnedBy } = notice;
    return { ...message, isPinned, pinnedAt, pinnedBy };
  });
}

function byNewestPin(messages: readonly Message[]): readonly Message[] {
  return [...messages].sort((a, b) => (b.pinnedAt ?? '').localeCompare(a.pinnedAt ?? ''));
}
