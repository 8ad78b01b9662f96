import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Cache } from './cache';
import { answerOf, deleteDatabase, openDatabase } from './db';
import { CHAT, expired, ME, message, newChat, pinned, said, syncAck } from './fixture';
import { applyPage, applySync } from './replica/adopt';
import { applyEvent } from './replica/apply';
import { emptyReplica, type Replica } from './replica/model';

const NAME = 'zvon-cache-test';
const state = { ...newChat(), lastSeq: 100, lastMessage: message(100) };
const synced = applySync(emptyReplica(ME), syncAck([state]));
const messages = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const loaded = applyPage(synced, CHAT, {
  messages: messages(41, 100),
  span: { from: 41, to: 100 },
});

let database: IDBDatabase;

beforeEach(async () => {
  database = await openDatabase(NAME);
});

afterEach(async () => {
  database.close();
  await deleteDatabase(NAME);
});

/** What a new tab finds. */
async function reloaded(): Promise<{ cache: Cache; replica: Replica }> {
  const cache = new Cache(database);
  return { cache, replica: await cache.read(emptyReplica(ME)) };
}

it('shows the list of chats after a reload, and knows what it may ask for', async () => {
  await new Cache(database).write(loaded);
  const { replica } = await reloaded();
  expect(replica.epoch).toBe('epoch');
  expect(replica.chats.chat?.state).toEqual(state);
  expect(replica.chats.chat?.kept).toBe(true);
  expect(replica.people.ann?.name).toBe('ANN');
});

it('does not keep what expired', async () => {
  const cache = new Cache(database);
  await cache.write(loaded);
  await cache.write(applyEvent(loaded, expired(101, 60)));
  const kept = await answerOf(database.transaction('messages').objectStore('messages').getAll());
  expect(kept.map(({ seq }) => seq)).toEqual(messages(61, 100).map(({ seq }) => seq));
  const { cache: again, replica } = await reloaded();
  expect(replica.chats.chat?.state.expiredSeq).toBe(60);
  expect(await again.page(CHAT, { before: 71 }, 20, 'epoch')).toEqual({
    messages: messages(61, 70),
    span: { from: 1, to: 70 },
  });
});

it('gives pages as the server would, up to where what is kept ends', async () => {
  await new Cache(database).write(loaded);
  const { cache } = await reloaded();
  const page = (want: Parameters<Cache['page']>[1], limit: number) =>
    cache.page(CHAT, want, limit, 'epoch');
  expect(await page({ before: 101 }, 20)).toEqual({
    messages: messages(81, 100),
    span: { from: 81, to: 100 },
  });
  expect(await page({ before: 51 }, 20)).toEqual({
    messages: messages(41, 50),
    span: { from: 41, to: 50 },
  });
  expect(await page({ after: 60 }, 5)).toEqual({
    messages: messages(61, 65),
    span: { from: 61, to: 65 },
  });
  expect(await page({ around: 50 }, 6)).toEqual({
    messages: messages(48, 53),
    span: { from: 48, to: 53 },
  });
  expect(await page({ before: 41 }, 20)).toBeNull();
  expect(await cache.page(CHAT, { before: 101 }, 20, 'another epoch')).toBeNull();
});

it('keeps pins that happened to messages which are not in memory', async () => {
  await new Cache(database).write(loaded);
  const { cache, replica } = await reloaded();
  await cache.takeOver();
  await cache.write(applyEvent(replica, pinned(101, message(50), true)));
  const page = await cache.page(CHAT, { around: 50 }, 2, 'epoch');
  expect(page?.messages.map(({ seq, isPinned }) => [seq, isPinned])).toEqual([
    [50, true],
    [51, false],
  ]);
});

it('grows with what arrives', async () => {
  const cache = new Cache(database);
  await cache.write(loaded);
  await cache.write(applyEvent(loaded, said(101)));
  const { cache: later } = await reloaded();
  const page = await later.page(CHAT, { before: 102 }, 2, 'epoch');
  expect(page).toEqual({ messages: messages(100, 101), span: { from: 100, to: 101 } });
});

it('forgets a chat with a gap', async () => {
  const cache = new Cache(database);
  await cache.write(loaded);
  const far = { ...state, lastSeq: 9000, lastMessage: message(9000) };
  await cache.write(applySync(loaded, syncAck([far], [], { gaps: [CHAT] })));
  const { cache: later, replica } = await reloaded();
  expect(await later.page(CHAT, { before: 101 }, 20, 'epoch')).toBeNull();
  expect(replica.chats.chat?.state.lastSeq).toBe(9000);
  const count = () => answerOf(database.transaction('messages').objectStore('messages').count());
  expect(await count()).toBe(0);
});

it('keeps only the state of chats that nobody has looked at', async () => {
  await new Cache(database).write(applyEvent(synced, said(101)));
  const { cache, replica } = await reloaded();
  expect(replica.chats.chat).toMatchObject({ kept: false, state: { lastSeq: 101 } });
  expect(await cache.page(CHAT, { before: 102 }, 20, 'epoch')).toBeNull();
});

it('forgets everything of another epoch, and chats one has left', async () => {
  const cache = new Cache(database);
  await cache.write(loaded);
  await cache.write(applySync(loaded, syncAck([], [], { epoch: 'another' })));
  const { cache: later, replica } = await reloaded();
  expect(replica).toMatchObject({ epoch: 'another', chats: {} });
  expect(await later.page(CHAT, { before: 101 }, 20, 'another')).toBeNull();
});
