/**
 * Unconfirmed messages on their way. Any tab writes them; exactly one tab, the sender, hands them
 * to the server: in order per chat, one at a time, each under the client id it was written with,
 * for which the server stores it at most once. A broken line or silence means that it is tried
 * again for ever; a refusal that waiting cannot change marks it as failed. What the store refuses
 * (a full disk) is kept, shown and sent by the tab it was written in, for as long as that lives.
 */
import type { ChatId } from '../../protocol/ChatId';
import type { Message } from '../../protocol/Message';
import { isPassing, type Outcome } from '../problem';
import { byChat, inOrder, nextOfEachChat, type Pending, type StoredPending } from './pending';
import type { OutboxStore } from './store';

/** What the outbox needs of the rest. */
export interface OutboxSeams {
  store: OutboxStore;
  /** Sends to the server. */
  send(pending: Pending): Promise<Outcome<Message>>;
  /** Until when the server refuses messages (ms since the epoch). */
  limitedUntil(): number;
  /** Its contents changed here. */
  onChange(pending: Record<ChatId, Pending[]>): void;
  /** Its contents changed for other tabs too. */
  tellTabs(): void;
  /** The server stored one. */
  onStored(message: Message): void;
}

/** How long to wait after a failure that may pass, while the line is up. */
const PAUSE = 2000;

/** The outbox of one tab. */
export class Outbox {
  readonly #seams: OutboxSeams;
  readonly #busy = new Set<ChatId>();
  /** What the server has confirmed to this tab: a reading of the store may be older. */
  readonly #confirmed = new Set<string>();
  /** What is being written down. */
  readonly #adding = new Map<string, Pending>();
  /** What the store refused: it is nowhere but here. */
  readonly #unkept = new Map<string, Pending>();
  #stored: StoredPending[] = [];
  #isSender = false;
  #isOnline = false;
  #pausedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(seams: OutboxSeams) {
    this.#seams = seams;
  }

  /** Writes a message: it is shown at once, and durable when this resolves, or says that it is not. */
  async add(pending: Pending): Promise<void> {
    const { clientId } = pending;
    this.#adding.set(clientId, pending);
    this.#show();
    await this.#seams.store
      .add(pending)
      .catch(() => this.#unkept.set(clientId, { ...pending, problem: { code: 'unkept' } }));
    await this.#changed();
    this.#adding.delete(clientId);
    this.#show();
  }

  /** Tries a failed message again, to store it as well as to send it. */
  async retry(clientId: string): Promise<void> {
    const again = { state: 'waiting', problem: null } as const;
    const unkept = this.#unkept.get(clientId);
    this.#unkept.delete(clientId);
    if (unkept) return this.add({ ...unkept, ...again });
    await this.#seams.store.change(clientId, again);
    await this.#changed();
  }

  /** Drops a message; also called when the server is known to have it. */
  async remove(clientId: string): Promise<void> {
    this.#confirmed.add(clientId);
    if (!this.#unkept.delete(clientId)) await this.#seams.store.remove(clientId);
    await this.#changed();
  }

  /** Reads again what another tab changed, and sends what waits. */
  async refresh(): Promise<void> {
    const stored = this.#closed ? null : await this.#seams.store.all().catch(() => this.#stored);
    if (!stored || this.#closed) return;
    this.#stored = stored.filter((pending) => !this.#confirmed.has(pending.clientId));
    this.#show();
    this.#pump();
  }

  /** From now on this tab is the one that sends. */
  becomeSender(): Promise<void> {
    this.#isSender = true;
    return this.refresh();
  }

  /** The line is up and everything missed has been applied, or it is down. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#pausedUntil = 0;
    if (isOnline) void this.refresh();
  }

  /** Ends it; what waits stays stored. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #show(): void {
    const unstored = new Map([...this.#adding, ...this.#unkept]);
    if (!this.#closed) this.#seams.onChange(byChat(this.#with(unstored)));
  }

  /** What is stored, and of these what is not, in the order of writing. */
  #with(unstored: ReadonlyMap<string, Pending>): StoredPending[] {
    const stored = new Set(this.#stored.map(({ clientId }) => clientId));
    const isMissing = ({ clientId }: Pending) =>
      !stored.has(clientId) && !this.#confirmed.has(clientId);
    return inOrder(this.#stored, [...unstored.values()].filter(isMissing));
  }

  async #changed(): Promise<void> {
    if (this.#closed) return;
    this.#seams.tellTabs();
    await this.refresh();
  }

  #pump(): void {
    if (!this.#isOnline) return;
    const pause = Math.max(this.#seams.limitedUntil(), this.#pausedUntil) - Date.now();
    if (pause > 0) {
      this.#refreshIn(pause);
      return;
    }
    for (const next of nextOfEachChat(this.#with(this.#unkept))) {
      // Nobody else can send what only this tab has.
      const isOurs = this.#isSender || this.#unkept.has(next.clientId);
      if (!isOurs || this.#busy.has(next.chatId)) continue;
      this.#send(next).catch(() => this.#refreshIn(PAUSE));
    }
  }

  async #send(pending: StoredPending): Promise<void> {
    this.#busy.add(pending.chatId);
    const { n: _n, ...message } = pending;
    try {
      const outcome = await this.#seams.send(message);
      // What was stored just now stays in the outbox: the next client is told the same again.
      if (this.#closed) return;
      if (outcome.ok) await this.#wasStored(pending, outcome.value);
      else if (!isPassing(outcome.problem)) await this.#refused(pending, outcome.problem);
      else if (outcome.problem.code !== 'rate-limited') this.#pausedUntil = Date.now() + PAUSE;
    } finally {
      this.#busy.delete(pending.chatId);
    }
    await this.refresh();
  }

  async #wasStored(pending: Pending, message: Message): Promise<void> {
    this.#confirmed.add(pending.clientId);
    this.#seams.onStored(message);
    if (!this.#unkept.delete(pending.clientId)) await this.#seams.store.remove(pending.clientId);
    this.#seams.tellTabs();
  }

  async #refused(pending: Pending, problem: Pending['problem']): Promise<void> {
    const refused = { state: 'failed', problem } as const;
    const unkept = this.#unkept.get(pending.clientId);
    if (unkept) this.#unkept.set(pending.clientId, { ...unkept, ...refused });
    else await this.#seams.store.change(pending.clientId, refused);
    this.#seams.tellTabs();
  }

  #refreshIn(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), pause);
  }
}
