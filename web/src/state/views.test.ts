import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Message } from '../protocol/Message';
import type { Client } from '../realtime/client';
import { CHAT, ME, message, newChat, syncAck } from '../realtime/fixture';
import { changeReplica, createCell } from '../realtime/held';
import { History } from '../realtime/history';
import { done, failed } from '../realtime/problem';
import { applySync } from '../realtime/replica/adopt';
import { applyEvent } from '../realtime/replica/apply';
import { stretchAt } from '../realtime/replica/derive';
import { pageOf, type Rest, type Want } from '../realtime/rest';
import { current } from './current';
import {
  closeChat,
  jumpToLatest,
  levelViews,
  loadAround,
  loadNewer,
  loadOlder,
  noteSeen,
  openChat,
  views,
} from './views';

const HEAD = 500;
const ALL = Array.from({ length: HEAD - 1 }, (_, index) => message(index + 2));

let isDown: boolean;
const history = vi.fn(async (_chat: string, want: Want, limit: number, head: number) =>
  isDown ? failed({ code: 'offline' }) : done(pageOf(served(want, limit), want, limit, head)),
);

function served(want: Want, limit: number): Message[] {
  if ('before' in want) return ALL.filter(({ seq }) => seq < want.before).slice(-limit);
  if ('after' in want) return ALL.filter(({ seq }) => seq > want.after).slice(0, limit);
  const older = ALL.filter(({ seq }) => seq <= want.around).slice(-Math.ceil(limit / 2));
  return [...older, ...ALL.filter(({ seq }) => seq > want.around).slice(0, Math.floor(limit / 2))];
}

function state(readSeq: number) {
  const unread = ALL.filter(({ seq }) => seq > readSeq).length;
  return { ...newChat(), lastSeq: HEAD, readSeq, unread, lastMessage: message(HEAD) };
}

function signIn(readSeq: number, line: 'online' | 'connecting' = 'online'): void {
  const cell = createCell(ME);
  cell.setState({ line: { state: line, since: 0 } });
  changeReplica(cell, (replica) => applySync(replica, syncAck([state(readSeq)])));
  const read = () => cell.getState().replica;
  const rest: Pick<Rest, 'history'> = { history };
  const paging = new History({
    rest,
    cache: null,
    read,
    change: (how) => changeReplica(cell, how),
  });
  const call = async () => failed({ code: 'offline' });
  const client = { history: paging, call, typing: () => {} } as unknown as Client;
  const account = { id: ME, email: 'me@example.org', name: 'Me' };
  const starting = Promise.resolve(client);
  current.setState({ session: { account, reason: null }, cell, client, starting });
}

const view = () => views.getState()[CHAT] ?? expect.fail('the chat is not open');
const shown = () => {
  const { book, state } = current.getState().cell.getState().replica.chats[CHAT] ?? expect.fail();
  return stretchAt(book, state.lastSeq, view().anchor) ?? expect.fail('nothing is shown');
};

beforeEach(() => {
  isDown = false;
  history.mockClear();
});

afterEach(() => closeChat(CHAT));

it('opens at the end when everything is read', async () => {
  signIn(HEAD);
  await openChat(CHAT);
  expect(view()).toMatchObject({ phase: 'ready', target: 'end', firstUnreadSeq: null });
  expect(shown()).toMatchObject({ to: HEAD, hasNewer: false, hasOlder: true });
});

it('opens at the first unread message, which stays where it was', async () => {
  signIn(300);
  await openChat(CHAT);
  expect(view()).toMatchObject({ phase: 'ready', target: 'first-unread', firstUnreadSeq: 301 });
  expect(shown()).toMatchObject({ hasOlder: true, hasNewer: true });
  const { cell } = current.getState();
  const cursor = { chatId: CHAT, userId: ME, deliveredSeq: HEAD, readSeq: HEAD };
  changeReplica(cell, (replica) => applyEvent(replica, { event: 'chat:cursor', data: cursor }));
  expect(view().firstUnreadSeq).toBe(301);
});

it('opens at the place of a link', async () => {
  signIn(300);
  await openChat(CHAT, 40);
  expect(view()).toMatchObject({ target: { seq: 40 }, anchor: 40 });
  expect(shown().from).toBeLessThanOrEqual(20);
});

it('loads anew what a gap dropped while it was being loaded', async () => {
  signIn(300);
  const opening = openChat(CHAT, 40);
  const { cell } = current.getState();
  const ack = syncAck([state(300)], [], { gaps: [CHAT] });
  changeReplica(cell, (replica) => applySync(replica, ack));
  await opening;
  expect(view().phase).toBe('ready');
  expect(shown().from).toBeLessThanOrEqual(20);
});

it('loads the past up to the beginning, and the present down to the end', async () => {
  signIn(250);
  await openChat(CHAT);
  while (shown().hasOlder) await loadOlder(CHAT);
  while (shown().hasNewer) await loadNewer(CHAT);
  expect(shown().messages).toEqual(ALL);
  expect(view().generation).toBe(1);
});

it('asks once for a page that is asked for twice', async () => {
  signIn(HEAD);
  await openChat(CHAT);
  history.mockClear();
  await Promise.all([loadOlder(CHAT), loadOlder(CHAT)]);
  expect(history).toHaveBeenCalledTimes(1);
  expect(view().loadingOlder).toBe(false);
});

it('goes to a place that is not loaded, and back to the end', async () => {
  signIn(HEAD);
  await openChat(CHAT);
  const { generation } = view();
  await loadAround(CHAT, 490);
  expect(view().generation).toBe(generation);
  await loadAround(CHAT, 100);
  expect(view()).toMatchObject({ generation: generation + 1, target: { seq: 100 } });
  expect(shown()).toMatchObject({ hasOlder: true, hasNewer: true });
  history.mockClear();
  await jumpToLatest(CHAT);
  expect(shown()).toMatchObject({ to: HEAD, hasNewer: false });
  expect(history).not.toHaveBeenCalled();
});

it('says that it failed, and is opened again when the line is up', async () => {
  signIn(HEAD);
  isDown = true;
  await openChat(CHAT);
  expect(view()).toMatchObject({ phase: 'failed', problem: { code: 'offline' } });
  isDown = false;
  levelViews();
  await vi.waitFor(() => expect(view().phase).toBe('ready'));
});

it('keeps what is shown when a page cannot be loaded', async () => {
  signIn(HEAD);
  await openChat(CHAT);
  isDown = true;
  await loadOlder(CHAT);
  expect(view()).toMatchObject({
    phase: 'ready',
    problem: { code: 'offline' },
    loadingOlder: false,
  });
  isDown = false;
  await loadOlder(CHAT);
  expect(view().problem).toBeNull();
});

it('is placed anew when it was opened before the client knew what is unread', async () => {
  signIn(HEAD, 'connecting');
  await openChat(CHAT);
  expect(view()).toMatchObject({ target: 'end', firstUnreadSeq: null });
  const { cell } = current.getState();
  cell.setState({ line: { state: 'online', since: 1 } });
  const later = { ...state(300), lastSeq: HEAD };
  changeReplica(cell, (replica) => ({
    ...replica,
    chats: { [CHAT]: { ...(replica.chats[CHAT] ?? expect.fail()), state: later } },
  }));
  levelViews();
  await vi.waitFor(() => expect(view()).toMatchObject({ phase: 'ready', target: 'first-unread' }));
});

/** The client becomes level with the server; the reader has read up to here. */
function levelWith(readSeq: number): void {
  const { cell } = current.getState();
  cell.setState({ line: { state: 'online', since: 1 } });
  const cursor = { chatId: CHAT, userId: ME, deliveredSeq: HEAD, readSeq };
  changeReplica(cell, (replica) => applyEvent(replica, { event: 'chat:cursor', data: cursor }));
  levelViews();
}

it('stays where it was opened early, when only its reader has read since', async () => {
  signIn(300, 'connecting');
  await openChat(CHAT);
  noteSeen(CHAT, 304);
  levelWith(304);
  expect(view()).toMatchObject({ phase: 'ready', generation: 1, firstUnreadSeq: 301 });
});

it('keeps its first unread message when a gap takes away what was opened early', async () => {
  signIn(300, 'connecting');
  await openChat(CHAT);
  noteSeen(CHAT, 304);
  const { cell } = current.getState();
  const ack = syncAck([state(304)], [], { gaps: [CHAT] });
  changeReplica(cell, (replica) => applySync(replica, ack));
  levelWith(304);
  await vi.waitFor(() => expect(view()).toMatchObject({ phase: 'ready', generation: 2 }));
  expect(view()).toMatchObject({ target: 'first-unread', firstUnreadSeq: 301 });
});

it('is placed anew when it turns out that another device has read more', async () => {
  signIn(300, 'connecting');
  await openChat(CHAT);
  noteSeen(CHAT, 304);
  levelWith(400);
  await vi.waitFor(() => expect(view()).toMatchObject({ phase: 'ready', firstUnreadSeq: 401 }));
});

it('says so when there is no such chat', async () => {
  signIn(HEAD);
  await openChat('nowhere');
  expect(views.getState().nowhere).toMatchObject({
    phase: 'failed',
    problem: { code: 'not-found' },
  });
  closeChat('nowhere');
});
