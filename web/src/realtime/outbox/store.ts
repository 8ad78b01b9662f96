/** Where unconfirmed messages survive a reload. */
import { answerOf, transact } from '../db';
import type { Pending, StoredPending } from './pending';

/** The outbox of one account. Each method is one transaction. */
export interface OutboxStore {
  all(): Promise<StoredPending[]>;
  add(pending: Pending): Promise<void>;
  /** Changes it, if it is still there. */
  change(clientId: string, change: Partial<Pending>): Promise<void>;
  remove(clientId: string): Promise<void>;
}

/** The outbox in IndexedDB. */
export function databaseOutbox(database: IDBDatabase): OutboxStore {
  const byClientId = (outbox: IDBObjectStore, clientId: string) =>
    answerOf(outbox.index('clientId').get(clientId)) as Promise<StoredPending | undefined>;
  return {
    all: () =>
      transact(database, ['outbox'], 'readonly', (store) => answerOf(store('outbox').getAll())),
    add: (pending) =>
      transact(database, ['outbox'], 'readwrite', (store) => {
        store('outbox').add(pending);
      }),
    change: (clientId, change) =>
      transact(database, ['outbox'], 'readwrite', async (store) => {
        const held = await byClientId(store('outbox'), clientId);
        if (held) store('outbox').put({ ...held, ...change });
      }),
    remove: (clientId) =>
      transact(database, ['outbox'], 'readwrite', async (store) => {
        const held = await byClientId(store('outbox'), clientId);
        if (held) store('outbox').delete(held.n);
      }),
  };
}

/** The outbox of a browser without a database: it does not survive a reload. */
export function memoryOutbox(): OutboxStore {
  let all: StoredPending[] = [];
  let n = 0;
  return {
    all: async () => all,
    add: async (pending) => {
      all = [...all, { ...pending, n: ++n }];
    },
    change: async (clientId, change) => {
      all = all.map((held) => (held.clientId === clientId ? { ...held, ...change } : held));
    },
    remove: async (clientId) => {
      all = all.filter((held) => held.clientId !== clientId);
    },
  };
}
