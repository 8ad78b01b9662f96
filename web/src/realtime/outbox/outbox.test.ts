import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Message } from '../../protocol/Message';
import { deleteDatabase, openDatabase } from '../db';
import { message } from '../fixture';
import { failed, type Outcome } from '../problem';
import { Outbox, type OutboxSeams } from './outbox';
import type { Pending } from './pending';
import { databaseOutbox } from './store';

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
  shown(): Pending[];
}

let limitedUntil = 0;

/** A tab; news for the others reach them at once. */
function openTab(): Tab {
  let shown: Record<string, Pending[]> = {};
  const seams: OutboxSeams = {
    store: databaseOutbox(database),
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
  const tab: Tab = { outbox: new Outbox(seams), shown: () => Object.values(shown).flat() };
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

it('does not show what could not be written down', async () => {
  const shown: Pending[][] = [];
  const outbox = new Outbox({
    store: { ...databaseOutbox(database), add: () => Promise.reject(new Error('full')) },
    send: (message) => server.answer(message),
    limitedUntil: () => 0,
    onChange: (now) => void shown.push(Object.values(now).flat()),
    tellTabs: () => {},
    onStored: () => {},
  });
  await expect(outbox.add(pending('c1'))).rejects.toThrow('full');
  expect(shown.at(-1)).toEqual([]);
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
