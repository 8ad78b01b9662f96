/** The outbox of a signed-in client, and what the replica tells about it. */
import type { ChatId } from '../../protocol/ChatId';
import type { Message } from '../../protocol/Message';
import type { Caller } from '../commands';
import type { Cell } from '../held';
import type { Limits } from '../limits';
import type { Tabs } from '../tabs';
import { Outbox } from './outbox';
import type { OutboxStore } from './store';

/** What a mailbox works with. */
export interface MailboxParts {
  cell: Cell;
  caller: Caller;
  limits: Limits;
  tabs: Tabs;
  store: OutboxStore;
  /** The server stored a message. */
  onStored(message: Message): void;
  /** What was done to a message could not be written down. */
  onUnstored(): void;
}

/** Writes, sends and forgets one's own messages. */
export class Mailbox {
  readonly #parts: MailboxParts;
  readonly #outbox: Outbox;

  constructor(parts: MailboxParts) {
    const { cell, caller, limits, tabs, store, onStored } = parts;
    this.#parts = parts;
    this.#outbox = new Outbox({
      store,
      send: ({ chatId, content, clientId }) =>
        caller.call('message', { chatId, content, clientId }),
      limitedUntil: () => limits.until('message') ?? 0,
      onChange: (pending) => cell.setState({ pending }),
      tellTabs: () => tabs.tell({ type: 'outbox' }),
      onStored,
    });
  }

  /** Writes a message; it is sent as soon as that is possible. */
  send(chatId: ChatId, content: string, clientId: string): void {
    const createdAt = Date.now();
    const unsent = {
      clientId,
      chatId,
      content,
      createdAt,
      state: 'waiting',
      problem: null,
    } as const;
    void this.#outbox.add(unsent);
  }

  retry(clientId: string): void {
    this.#outbox.retry(clientId).catch(this.#parts.onUnstored);
  }

  discard(clientId: string): void {
    this.#outbox.remove(clientId).catch(this.#parts.onUnstored);
  }

  /** Another tab changed what is stored. */
  refresh(): void {
    void this.#outbox.refresh();
  }

  /** This tab is the one that sends. */
  lead(): void {
    void this.#outbox.becomeSender();
  }

  /** One's own message came from the server: nothing of it waits any more. */
  confirmed({ chatId, clientId }: Message): void {
    const waiting = this.#parts.cell.getState().pending[chatId] ?? [];
    if (clientId && waiting.some((held) => held.clientId === clientId)) this.discard(clientId);
  }

  /** Everything missed has been applied: what came under a waiting client id had been stored. */
  level(): void {
    const { pending, replica } = this.#parts.cell.getState();
    for (const chatId of Object.keys(pending)) {
      const messages = replica.chats[chatId]?.book.messages ?? [];
      for (const message of messages) {
        if (message.senderId === replica.me) this.confirmed(message);
      }
    }
    this.#outbox.setOnline(true);
  }

  /** The line is down. */
  lost(): void {
    this.#outbox.setOnline(false);
  }

  close(): void {
    this.#outbox.close();
  }
}
