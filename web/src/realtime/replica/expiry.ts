/** What a chat does not keep: its beginning goes, with the pins of what stood there. */

import type { UserId } from '../../protocol/UserId';
import { firstFrom } from './book';
import { unreadAfter } from './cursors';
import type { ChatReplica } from './model';
import { addSpan } from './spans';

/** The chat without the messages up to a place: nothing is there any more, and that is known. */
export function withoutExpired(chat: ChatReplica, me: UserId, upto: number): ChatReplica {
  const { state, book, pins, pinned } = chat;
  const unread = state.readSeq < upto ? unreadAfter(chat, me, upto) : state.unread;
  const last = state.lastMessage;
  return {
    ...chat,
    state: {
      ...state,
      expiredSeq: upto,
      lastMessage: last && last.seq > upto ? last : null,
      unread: unread ?? state.unread,
    },
    unsure: chat.unsure || unread === null,
    book: {
      messages: book.messages.slice(firstFrom(book.messages, upto + 1)),
      spans: addSpan(book.spans, { from: 1, to: upto }),
    },
    pins: Object.fromEntries(Object.entries(pins).filter(([, pin]) => pin.messageSeq > upto)),
    pinned: pinned?.filter((message) => message.seq > upto) ?? null,
  };
}
