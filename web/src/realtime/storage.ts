/** What of an account lies in this browser: the cache, the outbox, and who writes them. */
import { Cache } from './cache';
import { databaseOf, openDatabase } from './db';
import type { Cell } from './held';
import { Keeper } from './keeper';
import { databaseOutbox, memoryOutbox, type OutboxStore } from './outbox/store';

/** An account's storage. A browser that refuses gives one that lasts as long as the page. */
export class Storage {
  readonly cache: Cache | null;
  readonly outbox: OutboxStore;
  readonly #database: IDBDatabase | null;
  readonly #keeper: Keeper | null;

  private constructor(cell: Cell, database: IDBDatabase | null, cache: Cache | null) {
    this.#database = database;
    this.cache = cache;
    this.outbox = database ? databaseOutbox(database) : memoryOutbox();
    this.#keeper = cache && new Keeper(cache, () => cell.getState().replica);
    cell.subscribe((now, was) => now.replica !== was.replica && this.#keeper?.changed());
  }

  /** Opens it, and puts what was kept into the cell. */
  static async open(cell: Cell): Promise<Storage> {
    const { replica } = cell.getState();
    const database = await openDatabase(databaseOf(replica.me)).catch(() => null);
    const cache = database && new Cache(database);
    const kept = await cache?.read(replica).catch(() => null);
    // A page can go before its chats are written: that none are kept does not say that there are none.
    if (kept) cell.setState({ replica: kept, ready: Object.keys(kept.chats).length > 0 });
    return new Storage(cell, database, cache);
  }

  /** This tab is the one that writes. */
  lead(): void {
    void this.#keeper?.begin();
  }

  /** Writes now what is not yet written. */
  async flush(): Promise<void> {
    await this.#keeper?.flush();
  }

  /** Ends it; what is kept stays. */
  async close(): Promise<void> {
    await this.flush();
    this.#keeper?.close();
    this.#database?.close();
  }
}
