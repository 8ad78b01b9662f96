/**
 * Keeps the replica level with the server's logs.
 *
 * On every connection it emits `sync {cursors}`: from its handling on the server sends everything
 * of all chats, and the ack brings what was missed. Events that arrive before the ack are held and
 * applied after it, so the ack always meets the state it was asked for. A hole that stays open for
 * a moment, a count that cannot be made and a chat that is not known mean another `sync`.
 */
import type { ServerEvent } from '../protocol/ServerEvent';
import type { SyncAck } from '../protocol/SyncAck';
import type { Outcome } from './problem';
import { applySync, cursorsOf } from './replica/adopt';
import { applyEvent } from './replica/apply';
import { hasHole } from './replica/log';
import type { Replica } from './replica/model';

/** What following needs of the rest. */
export interface FollowSeams {
  read(): Replica;
  change(change: (replica: Replica) => Replica): void;
  sync(cursors: Record<string, number>): Promise<Outcome<SyncAck>>;
  /** Level with the server; called after every `sync`. */
  onLevel(ack: SyncAck): void;
  /** An event as it is applied, for what is not data. */
  onApplied(event: ServerEvent): void;
}

/** The server closes holes by itself within 100 ms; what is still open then is asked for. */
const PATIENCE = 400;
/** Before trying `sync` again on a connection where it failed. */
const PAUSE = 1000;

/** Follows all chats over a line that comes and goes. */
export class Follow {
  readonly #seams: FollowSeams;
  #held: ServerEvent[] | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #connection = 0;

  constructor(seams: FollowSeams) {
    this.#seams = seams;
  }

  /** A connection is up. */
  opened(): void {
    this.#connection += 1;
    void this.#sync(this.#connection);
  }

  /** The connection is gone. */
  lost(): void {
    this.#connection += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held = null;
  }

  /** The server said something. */
  heard(event: ServerEvent): void {
    if (this.#held) this.#held.push(event);
    else this.#apply(event);
  }

  /** Asks for a `sync` soon, once. */
  levelSoon(pause = PATIENCE): void {
    if (this.#timer) return;
    const connection = this.#connection;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (connection === this.#connection) void this.#sync(connection);
    }, pause);
  }

  async #sync(connection: number): Promise<void> {
    if (this.#held) return;
    this.#held = [];
    const outcome = await this.#seams.sync(cursorsOf(this.#seams.read()));
    if (connection !== this.#connection) return;
    if (outcome.ok) this.#seams.change((replica) => applySync(replica, outcome.value));
    const held = this.#held;
    this.#held = null;
    for (const event of held) this.#apply(event);
    if (outcome.ok) this.#seams.onLevel(outcome.value);
    else this.levelSoon(PAUSE);
  }

  #apply(event: ServerEvent): void {
    this.#seams.change((replica) => applyEvent(replica, event));
    this.#seams.onApplied(event);
    if (isIncomplete(this.#seams.read(), event)) this.levelSoon();
  }
}

function isIncomplete(replica: Replica, { event, data }: ServerEvent): boolean {
  if (event === 'chat:removed' || !('chatId' in data)) return false;
  const chat = replica.chats[data.chatId];
  if (!chat) return event === 'message';
  return hasHole(chat) || chat.unsure;
}
