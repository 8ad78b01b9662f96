/** Which part of which chat is on the screen, and how it got there. */
import { createStore } from 'zustand/vanilla';
import type { ChatId } from '../protocol/ChatId';
import { changeReplica } from '../realtime/held';
import type { Outcome, Problem } from '../realtime/problem';
import { applyClosed } from '../realtime/replica/adopt';
import { firstUnread, stretchAt } from '../realtime/replica/derive';
import { withChat } from '../realtime/replica/model';
import { withPinned } from '../realtime/replica/pins';
import { client, current, held } from './current';
import type { Timeline } from './model';

/** One open chat. What is shown is the stretch of the log around `anchor` that is held. */
export interface View
  extends Pick<
    Timeline,
    | 'phase'
    | 'problem'
    | 'loadingOlder'
    | 'loadingNewer'
    | 'firstUnreadSeq'
    | 'generation'
    | 'target'
  > {
  anchor: number;
  /** The place that was asked for at opening. */
  at: number | null;
  /** When it was opened before the client was level with the server (ms since the epoch). */
  earlyAt: number | null;
  /** How far it has been read since. Nobody draws it, and it changes with every turn of the wheel. */
  seen: { upTo: number };
}

/** Whoever has looked at a chat for longer is not moved when it turns out that more is unread. */
const EARLY = 3000;

/** The open chats. */
export const views = createStore<Record<ChatId, View>>(() => ({}));

export async function openChat(chatId: ChatId, at?: number): Promise<void> {
  await open(chatId, at ?? null, null);
}

/** `unread` is where the unread messages begin, if that is not where they begin now. */
async function open(chatId: ChatId, at: number | null, unread: number | null): Promise<void> {
  const generation = (views.getState()[chatId]?.generation ?? 0) + 1;
  const earlyAt = held().line.state === 'online' ? null : Date.now();
  const fresh = {
    phase: 'loading',
    problem: null,
    loadingOlder: false,
    loadingNewer: false,
    generation,
    firstUnreadSeq: null,
    target: 'end',
    anchor: 0,
    at,
    earlyAt,
    seen: { upTo: 0 },
  } as const;
  views.setState({ [chatId]: fresh });
  await show(chatId, generation, unread);
}

/** Remembers that it has been read here up to `seq`. */
export function noteSeen(chatId: ChatId, seq: number): void {
  const seen = views.getState()[chatId]?.seen;
  if (seen) seen.upTo = Math.max(seen.upTo, seq);
}

export function closeChat(chatId: ChatId): void {
  const { [chatId]: _closed, ...others } = views.getState();
  views.setState(others, true);
  client()?.typing(chatId, false);
  changeReplica(current.getState().cell, (replica) => applyClosed(replica, chatId));
}

export async function loadOlder(chatId: ChatId): Promise<void> {
  const view = views.getState()[chatId];
  const here = client();
  if (!view || !here || view.loadingOlder) return;
  change(chatId, { loadingOlder: true });
  const outcome = await here.history.older(chatId, view.anchor);
  change(chatId, { loadingOlder: false, problem: problemIn(outcome) });
}

export async function loadNewer(chatId: ChatId): Promise<void> {
  const view = views.getState()[chatId];
  const here = client();
  if (!view || !here || view.loadingNewer) return;
  change(chatId, { loadingNewer: true });
  const outcome = await here.history.newer(chatId, view.anchor);
  change(chatId, { loadingNewer: false, problem: problemIn(outcome) });
}

export async function loadAround(chatId: ChatId, seq: number): Promise<void> {
  const shown = stretch(chatId);
  if (!shown || (shown.from <= seq && seq <= shown.to)) return;
  await move(chatId, seq, { seq });
}

export async function jumpToLatest(chatId: ChatId): Promise<void> {
  const shown = stretch(chatId);
  const head = held().replica.chats[chatId]?.state.lastSeq;
  if (!shown?.hasNewer || head === undefined) return;
  await move(chatId, head, 'end');
}

/** Everything missed has been applied: what was opened too early, or failed, is opened anew. */
export function levelViews(): void {
  for (const [chatId, view] of Object.entries(views.getState())) {
    const isLost = view.phase === 'ready' && !stretch(chatId);
    const isAstray = view.phase === 'failed' || isLost || view.anchor === 0;
    const unread = unreadSince(chatId, view);
    if (isAstray || isMisplaced(view, unread)) void open(chatId, view.at, unread);
  }
}

/** Whether it was opened too early, and would be opened elsewhere now. */
function isMisplaced(
  { earlyAt, at, target, firstUnreadSeq }: View,
  unread: number | null,
): boolean {
  const isLevel = held().line.state === 'online';
  if (!isLevel || earlyAt === null || Date.now() - earlyAt >= EARLY) return false;
  return at === null && (target === 'end' || unread !== firstUnreadSeq);
}

/** Where the unread messages began at its opening: what was read here since does not count. */
function unreadSince(chatId: ChatId, { earlyAt, firstUnreadSeq, seen }: View): number | null {
  const chat = held().replica.chats[chatId]?.state;
  if (!chat) return null;
  const isReadHere = earlyAt !== null && chat.readSeq <= seen.upTo;
  return isReadHere ? firstUnreadSeq : firstUnread(chat);
}

/** Brings a new view to its place. Without the chat itself it waits for `levelViews`. */
async function show(
  chatId: ChatId,
  generation: number,
  unreadBefore: number | null,
): Promise<void> {
  const here = client();
  const chat = held().replica.chats[chatId];
  const isFresh = () => views.getState()[chatId]?.generation === generation;
  if (!here || !chat) {
    const isLevel = here !== null && held().line.state === 'online';
    if (isLevel) change(chatId, { phase: 'failed', problem: { code: 'not-found' } });
    return;
  }
  const view = views.getState()[chatId];
  const unread = unreadBefore ?? firstUnread(chat.state);
  const anchor = view?.at ?? unread ?? chat.state.lastSeq;
  const target = view?.at ? { seq: view.at } : unread ? 'first-unread' : 'end';
  change(chatId, { anchor, target, firstUnreadSeq: unread });
  void loadPinned(chatId);
  const { history } = here;
  const isEnd = target === 'end';
  const outcome = await (isEnd ? history.newest(chatId) : history.around(chatId, anchor));
  if (!isFresh()) return;
  change(chatId, { phase: outcome.ok ? 'ready' : 'failed', problem: problemIn(outcome) });
}

/** Shows another part of the chat, once it is loaded. */
async function move(chatId: ChatId, anchor: number, target: View['target']): Promise<void> {
  const here = client();
  const view = views.getState()[chatId];
  if (!here || !view) return;
  const { history } = here;
  const isEnd = target === 'end';
  const outcome = await (isEnd ? history.newest(chatId) : history.around(chatId, anchor));
  if (views.getState()[chatId]?.generation !== view.generation) return;
  const problem = problemIn(outcome);
  const there = { anchor, target, generation: view.generation + 1, problem };
  change(chatId, outcome.ok ? there : { problem });
}

async function loadPinned(chatId: ChatId): Promise<void> {
  const { cell } = current.getState();
  if (cell.getState().replica.chats[chatId]?.pinned) return;
  const answer = await client()?.call('chat:get-pinned', { chatId });
  if (!answer?.ok) return;
  changeReplica(cell, (replica) => {
    const chat = replica.chats[chatId];
    return chat ? withChat(replica, withPinned(chat, answer.value.messages)) : replica;
  });
}

function stretch(chatId: ChatId) {
  const chat = held().replica.chats[chatId];
  const view = views.getState()[chatId];
  return chat && view ? stretchAt(chat.book, chat.state.lastSeq, view.anchor) : null;
}

function change(chatId: ChatId, to: Partial<View>): void {
  const view = views.getState()[chatId];
  if (view) views.setState({ [chatId]: { ...view, ...to } });
}

function problemIn(outcome: Outcome): Problem | null {
  return outcome.ok ? null : outcome.problem;
}
