/** Writes the replica to the cache: a moment after it changed, one write at a time. */
import type { Cache } from './cache';
import type { Replica } from './replica/model';

/** A change after a quiet while is written this soon … */
const SOON = 20;
/** … and what follows is written together, this far apart. */
const APART = 400;

/** Keeps the cache level with the replica, once it may. */
export class Keeper {
  readonly #cache: Cache;
  readonly #read: () => Replica;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #mayWrite = false;
  #writtenAt = 0;
  #busy: Promise<void> = Promise.resolve();

  constructor(cache: Cache, read: () => Replica) {
    this.#cache = cache;
    this.#read = read;
  }

  /** This tab is the one that writes. */
  async begin(): Promise<void> {
    await this.#cache.takeOver();
    this.#mayWrite = true;
    this.changed();
  }

  /** The replica changed. */
  changed(): void {
    if (!this.#mayWrite) return;
    const pause = Math.max(SOON, this.#writtenAt + APART - Date.now());
    this.#timer ??= setTimeout(() => void this.flush(), pause);
  }

  /** Writes now what is not yet written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#mayWrite) this.#busy = this.#busy.then(() => this.#write());
    return this.#busy;
  }

  /** Ends it. */
  close(): void {
    clearTimeout(this.#timer);
    this.#mayWrite = false;
  }

  async #write(): Promise<void> {
    const replica = this.#read();
    this.#writtenAt = Date.now();
    if (!this.#mayWrite || replica.epoch === null) return;
    try {
      await this.#cache.write(replica);
    } catch (error) {
      // A full or broken database costs the cache, nothing else.
      this.#mayWrite = false;
      console.warn('What is loaded can no longer be kept for offline reading.', error);
    }
  }
}
