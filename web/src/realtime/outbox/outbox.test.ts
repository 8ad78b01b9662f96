import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Message } from '../../protocol/Message';
import { deleteDatabase, openDatabase } from '../db';
import { message } from '../fixture';
import { failed, type Outcome } from '../problem';
import { Outbox, type OutboxSeams } from './outbox';
import type { Pending } from './pending';
import { databaseOutbox, type OutboxStore } from './store';

const NAME = 'zvon-outbox-test';

/** A server that stores what it is sent, each client id once. */
class FakeServer {
  readonly stored = new Map<string, Message>();
  readonly arrived: string[] = [];
  answer: (pending: Pending) => Promise<Outcome<Message>> = async (pending) => this.store(pending);

  store({ clientId, chatId, content }: Pending): Outcome<Message> {
    this.arrived.push(clientId);
    const seq = this.stored.size + 2;
    const known = this.stored.get(clientId) ?? message(seq, 'me', { clientId, chatId, content });
    this.stored.set(clientId, known);
    return { ok: true, value: known };
  }
}

let database: IDBDatabase;
let server: FakeServer;
let tabs: Tab[];

interface Tab {
  outbox: Outbox;
  store: OutboxStore;
  shown(): Pending[];
}

let limitedUntil = 0;

/** A tab; news for the others reach them at once. */
function openTab(): Tab {
  let shown: Record<string, Pending[]> = {};
  const store = databaseOutbox(database);
  const seams: OutboxSeams = {
    store,
    send: (pending) => server.answer(pending),
    limitedUntil: () => limitedUntil,
    onChange: (pending) => {
      shown = pending;
    },
    tellTabs: () => {
      for (const other of tabs) if (other !== tab) void other.outbox.refresh();
    },
    onStored: () => {},
  };
  const tab: Tab = { outbox: new Outbox(seams), store, shown: () => Object.values(shown).flat() };
  tabs.push(tab);
  return tab;
}

function pending(clientId: string, chatId = 'chat'): Pending {
  return { clientId, chatId, content: clientId, createdAt: 1, state: 'waiting', problem: null };
}

async function sender(): Promise<Tab> {
  const tab = openTab();
  await tab.outbox.becomeSender();
  tab.outbox.setOnline(true);
  return tab;
}

beforeEach(async () => {
  database = await openDatabase(NAME);
  server = new FakeServer();
  tabs = [];
  limitedUntil = 0;
});

afterEach(async () => {
  for (const tab of tabs) tab.outbox.close();
  database.close();
  await deleteDatabase(NAME);
});

it('sends in the order of writing, one after the other within a chat', async () => {
  const { outbox, shown } = await sender();
  let [underWay, most] = [0, 0];
  server.answer = async (message) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 1));
    underWay -= 1;
    return server.store(message);
  };
  const ids = Array.from({ length: 12 }, (_, index) => `c${index}`);
  await Promise.all(ids.map((id) => outbox.add(pending(id))));
  await vi.waitFor(() => expect(shown()).toEqual([]));
  expect(server.arrived).toEqual(ids);
  expect(most).toBe(1);
});

it('shows a message before it is written down', async () => {
  const tab = openTab();
  const written = tab.outbox.add(pending('c1'));
  expect(tab.shown().map(({ clientId }) => clientId)).toEqual(['c1']);
  await written;
  expect(tab.shown().map(({ clientId }) => clientId)).toEqual(['c1']);
});

/** From now on the database of a tab is full. */
function fill({ store }: Tab): void {
  const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
  Object.assign(store, { add: full, change: full });
}

it('keeps, and sends while the tab lives, what the browser has no room for', async () => {
  const tab = openTab();
  await tab.outbox.add(pending('kept'));
  fill(tab);
  await tab.outbox.add(pending('unkept'));
  expect(tab.shown().map(({ clientId, problem }) => [clientId, problem?.code])).toEqual([
    ['kept', undefined],
    ['unkept', 'unkept'],
  ]);
  await tab.outbox.becomeSender();
  tab.outbox.setOnline(true);
  await vi.waitFor(() => expect(tab.shown()).toEqual([]));
  expect(server.arrived).toEqual(['kept', 'unkept']);
});

it('sends what only one tab has from there, in its turn, whoever leads', async () => {
  const leader = await sender();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.answer = async (message) => {
    await held;
    return server.store(message);
  };
  const writer = openTab();
  writer.outbox.setOnline(true);
  await writer.outbox.add(pending('kept'));
  fill(writer);
  await writer.outbox.add(pending('unkept'));
  release();
  await vi.waitFor(() => expect([...writer.shown(), ...leader.shown()]).toEqual([]));
  expect(server.arrived).toEqual(['kept', 'unkept']);
});

it('lets one retry or discard what was not kept, refused or not', async () => {
  const tab = openTab();
  await tab.outbox.becomeSender();
  const { add } = tab.store;
  fill(tab);
  for (const id of ['c1', 'c2']) await tab.outbox.add(pending(id));
  await tab.outbox.remove('c1');
  expect(tab.shown().map(({ clientId }) => clientId)).toEqual(['c2']);
  server.answer = async () => failed({ code: 'not-a-member' });
  tab.outbox.setOnline(true);
  const refused = { clientId: 'c2', state: 'failed', problem: { code: 'not-a-member' } };
  await vi.waitFor(() => expect(tab.shown()).toMatchObject([refused]));
  tab.outbox.setOnline(false);
  tab.store.add = add;
  await tab.outbox.retry('c2');
  expect(tab.shown()).toMatchObject([{ clientId: 'c2', state: 'waiting', problem: null }]);
  expect(await tab.store.all()).toMatchObject([{ clientId: 'c2' }]);
});

it('sends what was not kept even when nothing can be read', async () => {
  const tab = await sender();
  fill(tab);
  tab.store.all = () => Promise.reject(new Error('broken'));
  await tab.outbox.add(pending('c1'));
  await vi.waitFor(() => expect(server.arrived).toEqual(['c1']));
  await vi.waitFor(() => expect(tab.shown()).toEqual([]));
});

it('does not let one chat wait for another', async () => {
  const { outbox } = await sender();
  server.answer = (message) =>
    message.chatId === 'slow' ? new Promise(() => {}) : Promise.resolve(server.store(message));
  await outbox.add(pending('stuck', 'slow'));
  await outbox.add(pending('quick', 'other'));
  await vi.waitFor(() => expect(server.arrived).toEqual(['quick']));
});

it('leaves sending to the one tab that leads', async () => {
  const writer = openTab();
  writer.outbox.setOnline(true);
  await writer.outbox.add(pending('c1'));
  expect(server.arrived).toEqual([]);
  const leader = await sender();
  await vi.waitFor(() => expect(server.arrived).toEqual(['c1']));
  await writer.outbox.add(pending('c2'));
  await vi.waitFor(() => expect(server.arrived).toEqual(['c1', 'c2']));
  await vi.waitFor(() => expect([...writer.shown(), ...leader.shown()]).toEqual([]));
});

it('keeps what was written offline over a reload and sends it once', async () => {
  const before = openTab();
  await before.outbox.becomeSender();
  await before.outbox.add(pending('c1'));
  await before.outbox.add(pending('c2'));
  before.outbox.close();
  database.close();
  database = await openDatabase(NAME);
  const after = await sender();
  await vi.waitFor(() => expect(after.shown()).toEqual([]));
  expect(server.arrived).toEqual(['c1', 'c2']);
});

it('sends again under the same client id when an answer was lost', async () => {
  const { outbox, shown } = await sender();
  server.answer = async (message) => {
    server.store(message);
    return failed({ code: 'offline' });
  };
  await outbox.add(pending('c1'));
  await vi.waitFor(() => expect(server.arrived).toHaveLength(1));
  expect(shown()).toHaveLength(1);
  outbox.setOnline(false);
  server.answer = async (message) => server.store(message);
  outbox.setOnline(true);
  await vi.waitFor(() => expect(shown()).toEqual([]));
  expect(server.arrived).toEqual(['c1', 'c1']);
  expect(server.stored.size).toBe(1);
});

it('marks what the server refuses and goes on with the next', async () => {
  const { outbox, shown } = await sender();
  server.answer = async (message) =>
    message.clientId === 'bad' ? failed({ code: 'not-a-member' }) : server.store(message);
  await outbox.add(pending('bad'));
  await outbox.add(pending('good'));
  await vi.waitFor(() => expect(server.arrived).toEqual(['good']));
  await vi.waitFor(() => expect(shown()).toHaveLength(1));
  expect(shown()[0]).toMatchObject({ state: 'failed', problem: { code: 'not-a-member' } });
  server.answer = async (message) => server.store(message);
  await outbox.retry('bad');
  await vi.waitFor(() => expect(shown()).toEqual([]));
  expect(server.arrived).toEqual(['good', 'bad']);
});

it('waits as long as the server says when there are too many', async () => {
  const { outbox, shown } = await sender();
  const refused = vi.fn(async (): Promise<Outcome<Message>> => {
    limitedUntil = Date.now() + 80;
    return failed({ code: 'rate-limited' });
  });
  server.answer = refused;
  await outbox.add(pending('c1'));
  await vi.waitFor(() => expect(refused).toHaveBeenCalledTimes(1));
  await outbox.add(pending('c2'));
  expect(refused).toHaveBeenCalledTimes(1);
  expect(shown().map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  server.answer = async (message) => server.store(message);
  await vi.waitFor(() => expect(shown()).toEqual([]));
  expect(server.arrived).toEqual(['c1', 'c2']);
});

it('does not show or send again what the server confirmed, however old a reading is', async () => {
  const store = databaseOutbox(database);
  const stale = [{ ...pending('c1'), n: 1 }];
  const shown: Pending[][] = [];
  const outbox = new Outbox({
    store: { ...store, all: async () => stale },
    send: (message) => server.answer(message),
    limitedUntil: () => 0,
    onChange: (now) => void shown.push(Object.values(now).flat()),
    tellTabs: () => {},
    onStored: () => {},
  });
  await outbox.becomeSender();
  outbox.setOnline(true);
  await vi.waitFor(() => expect(server.arrived).toEqual(['c1']));
  await vi.waitFor(() => expect(shown.at(-1)).toEqual([]));
  await outbox.refresh();
  expect(server.arrived).toEqual(['c1']);
  outbox.close();
});

it('drops what is discarded', async () => {
  const tab = openTab();
  await tab.outbox.add(pending('c1'));
  await tab.outbox.remove('c1');
  expect(tab.shown()).toEqual([]);
  expect(await databaseOutbox(database).all()).toEqual([]);
});
