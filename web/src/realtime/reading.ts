/** How far one has received and read: here at once, then in the other tabs and on the server. */
import type { ChatId } from '../protocol/ChatId';
import type { Message } from '../protocol/Message';
import type { SyncAck } from '../protocol/SyncAck';
import { Acks, type TellCursor } from './acks';
import { type Cell, changeReplica } from './held';
import { applyReach } from './replica/apply';
import type { Tabs } from './tabs';

/** One's own cursors. */
export class Reading {
  readonly #cell: Cell;
  readonly #tabs: Tabs;
  readonly #acks: Acks;

  constructor(cell: Cell, tabs: Tabs, tell: TellCursor) {
    this.#cell = cell;
    this.#tabs = tabs;
    this.#acks = new Acks(tell);
  }

  /** Everything up to `seq` has been seen. */
  read(chatId: ChatId, seq: number): void {
    const held = this.#cell.getState().replica.chats[chatId]?.state;
    if (!held || held.readSeq >= seq) return;
    this.readElsewhere(chatId, seq);
    this.#acks.read(chatId, seq);
    this.#tabs.tell({ type: 'read', chatId, seq });
  }

  /** The same in another tab, which tells the server itself. */
  readElsewhere(chatId: ChatId, seq: number): void {
    changeReplica(this.#cell, (replica) =>
      applyReach(replica, chatId, { userId: replica.me, delivered: seq, read: seq }),
    );
  }

  /** Someone else's message has arrived. */
  arrived({ chatId, seq }: Message): void {
    this.#acks.delivered(chatId, seq);
  }

  /** Everything missed has been applied; what the server was not told, it is told now. */
  level(ack: SyncAck): void {
    const { chats } = this.#cell.getState().replica;
    this.#acks.catchUp(ack.chats, (id) => chats[id]?.state);
  }

  /** Tells at once what waits: the page is about to go. */
  flush(): void {
    this.#acks.flush();
  }

  close(): void {
    this.#acks.close();
  }
}
