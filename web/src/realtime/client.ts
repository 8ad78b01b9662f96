/**
 * A signed-in client: the parts of this folder, put together.
 *
 * `Line` connects → `Follow` emits `sync` and applies what it hears to the replica → `Mailbox`
 * sends what waits, `Reading` tells what was read, `Storage` keeps what was loaded. Whoever writes a
 * client of their own can start here and leave out everything but `Line` and `Follow`.
 */
import type { ChatId } from '../protocol/ChatId';
import type { Message } from '../protocol/Message';
import type { MessageId } from '../protocol/MessageId';
import type { ServerEvent } from '../protocol/ServerEvent';
import type { SyncAck } from '../protocol/SyncAck';
import type { UserId } from '../protocol/UserId';
import { Caller, type CommandName, type Commands } from './commands';
import { databaseOf } from './db';
import { Follow } from './follow';
import { type Cell, changeReplica, createCell } from './held';
import { History } from './history';
import { Limits } from './limits';
import { Line, type LineState } from './line';
import { lineUp } from './line-up';
import { Mailbox } from './outbox/mailbox';
import type { Outcome } from './problem';
import { Reading } from './reading';
import { withPeople } from './replica/people';
import { Rest } from './rest';
import { Storage } from './storage';
import { type TabNews, Tabs } from './tabs';
import { TypingOthers, TypingSelf } from './typing';

/** What a client is for, and whom it tells. */
export interface ClientOptions {
  url: string;
  token: string;
  me: UserId;
  /** The session is over; a code or reason of the server's says why. */
  onSignedOut(why: string | null): void;
  /** An event was applied. */
  onEvent?(event: ServerEvent): void;
  /** Everything missed has been applied. */
  onLevel?(): void;
  /** What was done to a message could not be written down: the browser has no room. */
  onUnstored?(): void;
  /** Another tab's draft. */
  onDraft?(chatId: ChatId, text: string): void;
}

/** How long the line may take to say why a session is over (ms). */
const VERDICT = 2000;

/** A signed-in client. */
export class Client {
  readonly cell: Cell;
  readonly history: History;
  readonly limits: Limits;
  /** Calls in the name of the account. */
  readonly rest: Rest;
  readonly #options: ClientOptions;
  readonly #line: Line;
  readonly #caller: Caller;
  readonly #follow: Follow;
  readonly #reading: Reading;
  readonly #mailbox: Mailbox;
  readonly #tabs: Tabs;
  readonly #others: TypingOthers;
  readonly #self: TypingSelf;
  readonly #storage: Storage;
  readonly #ended = new AbortController();
  #verdict: ReturnType<typeof setTimeout> | undefined;

  /** Opens what lies in this browser, shows it, and connects. */
  static async start(options: ClientOptions, cell: Cell = createCell(options.me)): Promise<Client> {
    return new Client(options, cell, await Storage.open(cell));
  }

  private constructor(options: ClientOptions, cell: Cell, storage: Storage) {
    this.#options = options;
    this.cell = cell;
    this.#storage = storage;
    const read = () => cell.getState().replica;
    const change = (how: Parameters<typeof changeReplica>[1]) => changeReplica(cell, how);
    this.limits = new Limits((limits) => cell.setState({ limits }));
    this.#line = new Line(options.url, options.token, {
      onState: (state) => this.#lineChanged(state),
      onOpen: () => this.#follow.opened(),
      onEvent: (event, data) => this.#incoming({ event, data } as ServerEvent),
      onRefused: (code) => options.onSignedOut(code),
    });
    this.#caller = new Caller(this.#line, (kind, pause) => this.limits.hit(kind, pause));
    this.rest = new Rest(options.url, options.token, () => this.#unauthorized());
    this.history = new History({ rest: this.rest, cache: storage.cache, read, change });
    this.#follow = new Follow({
      read,
      change,
      sync: (cursors) => this.#caller.call('sync', { cursors }),
      onLevel: (ack) => this.#level(ack),
      onApplied: (event) => this.#applied(event),
    });
    this.#tabs = new Tabs(databaseOf(options.me), (news) => this.#heardTab(news));
    this.#reading = new Reading(cell, this.#tabs, (command, place) => {
      void this.#caller.call(command, place);
    });
    this.#mailbox = new Mailbox({
      cell,
      store: storage.outbox,
      caller: this.#caller,
      limits: this.limits,
      tabs: this.#tabs,
      onStored: (data) => this.#follow.heard({ event: 'message', data }),
      onUnstored: () => options.onUnstored?.(),
    });
    this.#others = new TypingOthers((chatId, users) =>
      cell.setState(({ typing }) => ({ typing: { ...typing, [chatId]: users } })),
    );
    this.#self = new TypingSelf((chatId, isTyping) =>
      this.#line.tell('user:typing', { chatId, isTyping }),
    );
    this.#begin();
  }

  /** Asks for a command; a line that is just coming up is waited for. */
  async call<C extends CommandName>(
    command: C,
    payload: Commands[C][0],
  ): Promise<Outcome<Commands[C][1]>> {
    if (!this.#line.isOpen) await lineUp(this.cell, this.#ended.signal);
    return this.#caller.call(command, payload);
  }

  /** Asks for a message, wherever it is. */
  message(id: MessageId): Promise<Outcome<Message>> {
    return this.rest.message(id);
  }

  /** Writes a message; it is sent as soon as that is possible. */
  send(chatId: ChatId, content: string, clientId: string): void {
    this.#self.set(chatId, false);
    this.#mailbox.send(chatId, content, clientId);
  }

  retry(clientId: string): void {
    this.#mailbox.retry(clientId);
  }

  discard(clientId: string): void {
    this.#mailbox.discard(clientId);
  }

  /** Everything up to `seq` has been seen. */
  read(chatId: ChatId, seq: number): void {
    this.#reading.read(chatId, seq);
  }

  typing(chatId: ChatId, isTyping: boolean): void {
    this.#self.set(chatId, isTyping);
  }

  tellDraft(chatId: ChatId, text: string): void {
    this.#tabs.tell({ type: 'draft', chatId, text });
  }

  /** Whether somebody looks at a tab of this account. */
  isAnyTabInView(): Promise<boolean> {
    return this.#tabs.isAnyInView();
  }

  reconnectNow(): void {
    this.#line.open();
  }

  /** Applies what an answer told before its event arrives. */
  heard(event: ServerEvent): void {
    this.#follow.heard(event);
  }

  async refreshPeople(): Promise<Outcome> {
    const answer = await this.#caller.call('users:list', {});
    if (!answer.ok) return answer;
    changeReplica(this.cell, (replica) => withPeople(replica, answer.value.users));
    return { ok: true, value: undefined };
  }

  /** Tells the other tabs that nobody is signed in any more. */
  tellSignedOut(): void {
    this.#tabs.tell({ type: 'signed-out' });
  }

  /** Ends it; what is kept stays. */
  async close(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#verdict);
    this.#self.clear();
    this.#others.clear();
    this.#follow.lost();
    this.#mailbox.close();
    this.#reading.close();
    this.limits.close();
    this.#line.close();
    this.#tabs.close();
    globalThis.window?.removeEventListener('pagehide', this.#onPageHide);
    await this.#storage.close();
  }

  readonly #onPageHide = () => {
    this.#reading.flush();
    void this.#storage.flush();
  };

  #begin(): void {
    this.#mailbox.refresh();
    this.#tabs.lead(() => {
      this.#mailbox.lead();
      this.#storage.lead();
    });
    globalThis.window?.addEventListener('pagehide', this.#onPageHide);
    this.#line.open();
  }

  #lineChanged(line: LineState): void {
    this.cell.setState({ line });
    if (line.state === 'online' || line.state === 'connecting') return;
    this.#follow.lost();
    this.#mailbox.lost();
    this.#others.clear();
  }

  #level(ack: SyncAck): void {
    this.cell.setState({ ready: true });
    this.#reading.level(ack);
    if (this.cell.getState().line.state !== 'online') {
      this.#line.caughtUp();
      void this.refreshPeople();
    }
    this.#mailbox.level();
    this.#options.onLevel?.();
  }

  /** The end of the session is no change of a chat: it counts even while a `sync` is under way. */
  #incoming(event: ServerEvent): void {
    if (event.event === 'session:revoked') this.#options.onSignedOut(event.data.reason);
    else this.#follow.heard(event);
  }

  /** REST says that the session is over, but not why; the line knows, and is given a moment. */
  #unauthorized(): void {
    if (!this.#line.isOpen) this.#line.open();
    this.#verdict ??= setTimeout(() => this.#options.onSignedOut('UNAUTHORIZED'), VERDICT);
  }

  #applied(event: ServerEvent): void {
    const { me } = this.#options;
    if (event.event === 'message') {
      const { chatId, senderId } = event.data;
      this.#others.heard(chatId, senderId, false);
      if (senderId !== me) this.#reading.arrived(event.data);
      else this.#mailbox.confirmed(event.data);
    } else if (event.event === 'user:typing') {
      const { chatId, userId, isTyping } = event.data;
      if (userId !== me) this.#others.heard(chatId, userId, isTyping);
    }
    this.#options.onEvent?.(event);
  }

  #heardTab(news: TabNews): void {
    if (news.type === 'read') this.#reading.readElsewhere(news.chatId, news.seq);
    else if (news.type === 'draft') this.#options.onDraft?.(news.chatId, news.text);
    else if (news.type === 'outbox') this.#mailbox.refresh();
    else this.#options.onSignedOut('signed-out');
  }
}
