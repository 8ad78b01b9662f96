/**
 * The browser's database of one account: a cache of what was loaded, which may be dropped at any
 * time, and the outbox, which may not.
 */

const VERSION = 1;

/** The stores. Messages are keyed by chat and seq. */
export const STORES = ['meta', 'chats', 'messages', 'outbox'] as const;

/** The name of a store. */
export type StoreName = (typeof STORES)[number];

/** The name of an account's database. */
export const databaseOf = (userId: string): string => `zvon-${userId}`;

/** Opens the database, creating it if need be. */
export async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    const { result } = request;
    result.createObjectStore('meta');
    result.createObjectStore('chats', { keyPath: 'id' });
    result.createObjectStore('messages', { keyPath: ['chatId', 'seq'] });
    const outbox = result.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
    outbox.createIndex('clientId', 'clientId', { unique: true });
  };
  const database = await answerOf(request);
  // Another tab signs out and removes it: it must not have to wait for this one.
  database.onversionchange = () => database.close();
  return database;
}

/** Removes a database; other tabs let go of it. */
export async function deleteDatabase(name: string): Promise<void> {
  await answerOf(indexedDB.deleteDatabase(name));
}

/** The answer of a request. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database refused'));
  });
}

/** Runs one transaction; resolves when it is durable. */
export async function transact<T>(
  database: IDBDatabase,
  stores: readonly StoreName[],
  mode: IDBTransactionMode,
  run: (store: (name: StoreName) => IDBObjectStore) => Promise<T> | T,
): Promise<T> {
  const transaction = database.transaction([...stores], mode);
  const finished = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction failed'));
  });
  const [value] = await Promise.all([run((name) => transaction.objectStore(name)), finished]);
  return value;
}
