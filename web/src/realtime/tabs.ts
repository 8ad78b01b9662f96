/** The tabs of one account in one browser: what they tell each other, and which one leads. */
import type { ChatId } from '../protocol/ChatId';

/** What a tab tells the others. */
export type TabNews =
  | { type: 'read'; chatId: ChatId; seq: number }
  | { type: 'draft'; chatId: ChatId; text: string }
  | { type: 'outbox' }
  | { type: 'signed-out' };

/** This tab among the others. */
export class Tabs {
  readonly #channel: BroadcastChannel | null;
  readonly #gone = new AbortController();
  readonly #name: string;

  constructor(name: string, onNews: (news: TabNews) => void) {
    this.#name = name;
    this.#channel = globalThis.BroadcastChannel ? new BroadcastChannel(name) : null;
    if (this.#channel) this.#channel.onmessage = ({ data }) => onNews(data as TabNews);
  }

  /** Tells all other tabs. */
  tell(news: TabNews): void {
    this.#channel?.postMessage(news);
  }

  /**
   * Calls `lead` when this tab is the only one to lead, now or when the one before it is gone.
   * Without Web Locks (pages not served securely) every tab leads: the server's memory of client
   * ids still keeps messages from being doubled.
   */
  lead(lead: () => void): void {
    const { locks } = globalThis.navigator ?? {};
    if (!locks) {
      lead();
      return;
    }
    const { signal } = this.#gone;
    const untilGone = () =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
        lead();
      });
    locks.request(`${this.#name}-lead`, { signal }, untilGone).catch(() => {});
  }

  /** Leaves. */
  close(): void {
    this.#gone.abort();
    this.#channel?.close();
  }
}
