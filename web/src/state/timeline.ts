/** The message list of an open chat. */
import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { ChatId } from '../protocol/ChatId';
import type { Message } from '../protocol/Message';
import type { UserId } from '../protocol/UserId';
import type { Pending } from '../realtime/outbox/pending';
import {
  type Delivery,
  type DeliveryState,
  delivery,
  deliveryState,
  stretchAt,
} from '../realtime/replica/derive';
import { useHeld } from './current';
import type { Timeline, TimelineItem } from './model';
import { views } from './views';

const NOTHING: Omit<Timeline, 'unread'> = {
  items: [],
  phase: 'idle',
  problem: null,
  hasOlder: false,
  hasNewer: false,
  loadingOlder: false,
  loadingNewer: false,
  firstUnreadSeq: null,
  generation: 0,
  target: 'end',
};
const NO_PENDING: readonly Pending[] = [];
const NOBODY: readonly UserId[] = [];
const NO_MESSAGES: Message[] = [];

export function useTimeline(chatId: ChatId): Timeline {
  const view = useStore(views, (all) => all[chatId]);
  const book = useHeld((held) => held.replica.chats[chatId]?.book);
  const head = useHeld((held) => held.replica.chats[chatId]?.state.lastSeq ?? 0);
  const unread = useHeld((held) => held.replica.chats[chatId]?.state.unread ?? 0);
  const pending = useHeld((held) => held.pending[chatId] ?? NO_PENDING);
  const me = useHeld((held) => held.replica.me);
  const anchor = view?.anchor;
  const shown = useMemo(() => {
    const stretch = book && anchor !== undefined ? stretchAt(book, head, anchor) : null;
    if (!stretch) return { items: [], hasOlder: false, hasNewer: false };
    const { messages, hasOlder, hasNewer } = stretch;
    return { items: itemsOf(messages, hasNewer ? NO_PENDING : pending, me), hasOlder, hasNewer };
  }, [book, head, anchor, pending, me]);
  return useMemo(
    () => (view ? { ...NOTHING, ...pick(view), ...shown, unread } : { ...NOTHING, unread }),
    [view, shown, unread],
  );
}

export function useDeliveryState(chatId: ChatId, seq: number): DeliveryState {
  return useHeld(({ replica }) => {
    const chat = replica.chats[chatId];
    return chat ? deliveryState(chat.state, replica.me, seq) : 'sent';
  });
}

export function useDelivery(chatId: ChatId, seq: number): Delivery {
  const chat = useHeld(({ replica }) => replica.chats[chatId]?.state);
  const me = useHeld(({ replica }) => replica.me);
  return useMemo(
    () => (chat ? delivery(chat, me, seq) : { state: 'sent', readBy: [], deliveredTo: [], of: 0 }),
    [chat, me, seq],
  );
}

export function usePinned(chatId: ChatId): Message[] {
  const pinned = useHeld((held) => held.replica.chats[chatId]?.pinned);
  return (pinned as Message[] | null | undefined) ?? NO_MESSAGES;
}

export function useTyping(chatId: ChatId): UserId[] {
  return useHeld((held) => held.typing[chatId] ?? NOBODY) as UserId[];
}

const ITEMS = new WeakMap<Message | Pending, TimelineItem>();

/** Rows for the list; unchanged ones are the same objects. */
export function itemsOf(
  messages: readonly Message[],
  pending: readonly Pending[],
  me: UserId,
): TimelineItem[] {
  const items = messages.map((message) => itemOf(message, () => messageItem(message, me)));
  const isStored = ({ clientId }: Pending) =>
    messages.some((message) => message.clientId === clientId && message.senderId === me);
  for (const unsent of pending) {
    if (!isStored(unsent)) items.push(itemOf(unsent, () => pendingItem(unsent)));
  }
  return items;
}

function itemOf(row: Message | Pending, make: () => TimelineItem): TimelineItem {
  const known = ITEMS.get(row);
  if (known) return known;
  const item = make();
  ITEMS.set(row, item);
  return item;
}

function messageItem(message: Message, me: UserId): TimelineItem {
  const own = message.senderId === me ? message.clientId : undefined;
  return { kind: 'message', key: own ?? message.id, message };
}

function pendingItem(pending: Pending): TimelineItem {
  return { kind: 'pending', key: pending.clientId, pending };
}

function pick({ anchor: _a, at: _t, earlyAt: _e, seen: _s, ...shown }: import('./views').View) {
  return shown;
}
