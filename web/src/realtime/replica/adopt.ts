/** Taking over what the server says of whole chats: `sync`, `chat:created`, pages of history. */
import type { ChatId } from '../../protocol/ChatId';
import type { ChatState } from '../../protocol/ChatState';
import type { SyncAck } from '../../protocol/SyncAck';
import type { UserId } from '../../protocol/UserId';
import { addPage, newestPart, type Page } from './book';
import { moveCursor } from './cursors';
import { applyLogged, drain } from './log';
import {
  type ChatReplica,
  emptyReplica,
  freshChat,
  type LoggedEvent,
  type Replica,
  withChat,
} from './model';
import { withMembers, withOnline } from './people';
import { withNotices } from './pins';

/** How many messages are held of a chat that is looked at no more. */
const CLOSED = 200;

/**
 * The replica after the ack of `sync`. Chats that it does not name are gone. While a `sync` is
 * under way no other event may be applied: they wait for its ack (see `follow.ts`).
 */
export function applySync(replica: Replica, ack: SyncAck): Replica {
  const sameLog = replica.epoch === null || replica.epoch === ack.epoch;
  const base = sameLog ? replica : { ...emptyReplica(replica.me), people: replica.people };
  const events = byChat(ack.events as LoggedEvent[]);
  const gaps = new Set(ack.gaps);
  const chats: Record<ChatId, ChatReplica> = {};
  for (const state of ack.chats) {
    const held = base.chats[state.id];
    const missed = events.get(state.id) ?? [];
    chats[state.id] =
      held && !gaps.has(state.id)
        ? caughtUp(held, replica.me, state, missed)
        : restarted(held, replica.me, state);
  }
  const next = { ...base, epoch: ack.epoch, chats };
  return withOnline(withMembers(next, ack.chats), ack.online);
}

/** The replica with a chat that one has become a member of. */
export function applyCreated(replica: Replica, state: ChatState): Replica {
  const held = replica.chats[state.id];
  if (held && held.state.lastSeq >= state.lastSeq) return replica;
  return withMembers(withChat(replica, restarted(held, replica.me, state)), [state]);
}

/** The replica with a page of a chat's history. Beyond the head only events add messages. */
export function applyPage(replica: Replica, id: ChatId, page: Page): Replica {
  const chat = replica.chats[id];
  if (!chat) return replica;
  const { lastSeq: head, expiredSeq } = chat.state;
  const messages = withNotices(
    chat,
    page.messages.filter(({ seq }) => expiredSeq < seq && seq <= head),
  );
  const span = { from: page.span.from, to: Math.min(page.span.to, head) };
  return withChat(replica, { ...chat, kept: true, book: addPage(chat.book, { messages, span }) });
}

/** The replica with a chat that is worth catching up with: somebody looks at it. */
export function applyKept(replica: Replica, id: ChatId): Replica {
  const chat = replica.chats[id];
  return chat && !chat.kept ? withChat(replica, { ...chat, kept: true }) : replica;
}

/** The replica when a chat is looked at no more: its past is left to the cache. */
export function applyClosed(replica: Replica, id: ChatId): Replica {
  const chat = replica.chats[id];
  if (!chat) return replica;
  const book = newestPart(chat.book, CLOSED);
  return book === chat.book ? replica : withChat(replica, { ...chat, book });
}

/** Whether a chat's events are asked for by `sync`, and from where on. */
export function cursorsOf(replica: Replica): Record<ChatId, number> {
  const kept = Object.values(replica.chats).filter((chat) => chat.kept);
  return Object.fromEntries(kept.map((chat) => [chat.state.id, chat.state.lastSeq]));
}

function caughtUp(
  held: ChatReplica,
  me: UserId,
  state: ChatState,
  missed: readonly LoggedEvent[],
): ChatReplica {
  const chat = missed.reduce<ChatReplica | null>(
    (now, event) => now && applyLogged(now, me, event),
    held,
  );
  if (!chat || chat.state.lastSeq < state.lastSeq) return restarted(held, me, state);
  if (chat.state.lastSeq === state.lastSeq) return reconciled(chat, me, state);
  return state.members.reduce(
    (now, { userId, deliveredSeq, readSeq }) =>
      moveCursor(now, me, { userId, delivered: deliveredSeq, read: readSeq }),
    chat,
  );
}

/** The server's state of the same place in the log wins, but for what was read here meanwhile. */
function reconciled(chat: ChatReplica, me: UserId, state: ChatState): ChatReplica {
  const { deliveredSeq, readSeq } = chat.state;
  const adopted = { ...chat, state, unsure: false };
  return moveCursor(adopted, me, { userId: me, delivered: deliveredSeq, read: readSeq });
}

function restarted(held: ChatReplica | undefined, me: UserId, state: ChatState): ChatReplica {
  if (!held) return freshChat(state);
  const fresh = { ...freshChat(state, held.era + 1), ahead: held.ahead };
  return reconciled(drain(fresh, me) ?? fresh, me, fresh.state);
}

function byChat(events: readonly LoggedEvent[]): Map<ChatId, LoggedEvent[]> {
  const sorted = new Map<ChatId, LoggedEvent[]>();
  for (const event of events) {
    const { chatId } = event.data;
    sorted.set(chatId, [...(sorted.get(chatId) ?? []), event]);
  }
  return sorted;
}
