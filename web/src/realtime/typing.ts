/** Who types: told sparingly, and forgotten by itself. */
import type { ChatId } from '../protocol/ChatId';
import type { UserId } from '../protocol/UserId';

/** After this long without a word nobody types any more. */
const FORGET = 6000;
/** While typing goes on it is told this often. */
const REPEAT = 3000;
/** A pause this long means that one has stopped. */
const STOP = 4000;

type Timer = ReturnType<typeof setTimeout>;

/** Others who type. */
export class TypingOthers {
  readonly #timers = new Map<ChatId, Map<UserId, Timer>>();
  readonly #onChange: (chatId: ChatId, users: UserId[]) => void;

  constructor(onChange: (chatId: ChatId, users: UserId[]) => void) {
    this.#onChange = onChange;
  }

  /** Someone types, or stopped (sending is stopping). */
  heard(chatId: ChatId, userId: UserId, isTyping: boolean): void {
    const users = this.#timers.get(chatId) ?? new Map<UserId, Timer>();
    const was = users.has(userId);
    clearTimeout(users.get(userId));
    users.delete(userId);
    if (isTyping)
      users.set(
        userId,
        setTimeout(() => this.heard(chatId, userId, false), FORGET),
      );
    this.#timers.set(chatId, users);
    if (was !== isTyping) this.#onChange(chatId, [...users.keys()]);
  }

  /** Forgets everybody. */
  clear(): void {
    for (const [chatId, users] of this.#timers) {
      for (const userId of [...users.keys()]) this.heard(chatId, userId, false);
    }
  }
}

/** Oneself. */
export class TypingSelf {
  readonly #tell: (chatId: ChatId, isTyping: boolean) => void;
  readonly #told = new Map<ChatId, { at: number; stop: Timer }>();

  constructor(tell: (chatId: ChatId, isTyping: boolean) => void) {
    this.#tell = tell;
  }

  /** A key was pressed (`true`), or the text is gone (`false`). */
  set(chatId: ChatId, isTyping: boolean): void {
    const told = this.#told.get(chatId);
    clearTimeout(told?.stop);
    if (!isTyping) {
      if (this.#told.delete(chatId)) this.#tell(chatId, false);
      return;
    }
    const now = Date.now();
    const isDue = !told || now - told.at >= REPEAT;
    if (isDue) this.#tell(chatId, true);
    const stop = setTimeout(() => this.set(chatId, false), STOP);
    this.#told.set(chatId, { at: isDue ? now : told.at, stop });
  }

  /** Stops everywhere. */
  clear(): void {
    for (const chatId of [...this.#told.keys()]) this.set(chatId, false);
  }
}
