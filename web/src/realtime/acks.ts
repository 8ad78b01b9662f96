/**
 * Tells the server how far one has received and read, as cursors: the furthest place of each chat
 * in one go. What could not be told is told after the next `sync`, from the replica itself.
 */
import type { ChatId } from '../protocol/ChatId';
import type { ChatState } from '../protocol/ChatState';

/** Tells the server; nobody waits for it. */
export type TellCursor = (
  command: 'message:read' | 'message:delivered',
  place: { chatId: ChatId; seq: number },
) => void;

/** Reads are told at once, so that ticks are quick; receipts gather. */
const GATHER = { 'message:read': 100, 'message:delivered': 1000 } as const;

/** Cursor moves on their way to the server. */
export class Acks {
  readonly #tell: TellCursor;
  readonly #waiting = {
    'message:read': new Map<ChatId, number>(),
    'message:delivered': new Map<ChatId, number>(),
  };
  readonly #timers: Partial<Record<keyof typeof GATHER, ReturnType<typeof setTimeout>>> = {};

  constructor(tell: TellCursor) {
    this.#tell = tell;
  }

  /** Everything up to `seq` is read. */
  read(chatId: ChatId, seq: number): void {
    this.#move('message:read', chatId, seq);
  }

  /** Everything up to `seq` has arrived. */
  delivered(chatId: ChatId, seq: number): void {
    this.#move('message:delivered', chatId, seq);
  }

  /** After a `sync`: what the replica holds beyond what the server has said. */
  catchUp(told: readonly ChatState[], held: (id: ChatId) => ChatState | undefined): void {
    for (const chat of told) {
      const here = held(chat.id);
      if (here && here.readSeq > chat.readSeq) this.read(chat.id, here.readSeq);
      if (chat.deliveredSeq < chat.lastSeq) this.delivered(chat.id, chat.lastSeq);
    }
  }

  /** Tells at once what waits: the page is about to go. */
  flush(): void {
    for (const command of ['message:read', 'message:delivered'] as const) this.#flush(command);
  }

  /** Ends it. */
  close(): void {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }

  #move(command: keyof typeof GATHER, chatId: ChatId, seq: number): void {
    const waiting = this.#waiting[command];
    waiting.set(chatId, Math.max(seq, waiting.get(chatId) ?? 0));
    this.#timers[command] ??= setTimeout(() => this.#flush(command), GATHER[command]);
  }

  #flush(command: keyof typeof GATHER): void {
    clearTimeout(this.#timers[command]);
    delete this.#timers[command];
    const moves = [...this.#waiting[command]];
    this.#waiting[command].clear();
    for (const [chatId, seq] of moves) this.#tell(command, { chatId, seq });
  }
}
