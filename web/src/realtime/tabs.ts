/**
 * The tabs of one account in one browser: what they tell each other, which one leads, and whether
 * anybody looks at one of them.
 */
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
  /** Lets go of the lock that says that this tab is in view. */
  #outOfView: (() => void) | null = null;

  constructor(name: string, onNews: (news: TabNews) => void) {
    this.#name = name;
    this.#channel = globalThis.BroadcastChannel ? new BroadcastChannel(name) : null;
    if (this.#channel) this.#channel.onmessage = ({ data }) => onNews(data as TabNews);
    globalThis.document?.addEventListener('visibilitychange', this.#onVisibility);
    this.#onVisibility();
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

  /** Whether one of them, this one included, is in view. Without Web Locks no tab knows of others. */
  async isAnyInView(): Promise<boolean> {
    const state = await globalThis.navigator?.locks?.query();
    return state?.held?.some(({ name }) => name === this.#viewLock) ?? false;
  }

  /** Leaves. */
  close(): void {
    globalThis.document?.removeEventListener('visibilitychange', this.#onVisibility);
    this.#outOfView?.();
    this.#gone.abort();
    this.#channel?.close();
  }

  get #viewLock(): string {
    return `${this.#name}-in-view`;
  }

  /** A tab in view holds a lock that all of them may hold; the browser ends it with the tab. */
  readonly #onVisibility = () => {
    const { navigator, document } = globalThis;
    this.#outOfView?.();
    this.#outOfView = null;
    if (!navigator?.locks || document?.visibilityState !== 'visible') return;
    const { signal } = this.#gone;
    const untilHidden = new Promise<void>((resolve) => {
      this.#outOfView = resolve;
    });
    navigator.locks
      .request(this.#viewLock, { mode: 'shared', signal }, () => untilHidden)
      .catch(() => {});
  };
}
