/** What the server refuses for the moment, and until when. */
import type { LimitKind } from './held';

type Until = Partial<Record<LimitKind, number>>;

/** Counts limits down and forgets them when they are over. */
export class Limits {
  #until: Until = {};
  readonly #timers = new Map<LimitKind, ReturnType<typeof setTimeout>>();
  readonly #onChange: (until: Until) => void;

  constructor(onChange: (until: Until) => void) {
    this.#onChange = onChange;
  }

  /** The server said so. */
  hit(kind: LimitKind, pause: number): void {
    this.#until = { ...this.#until, [kind]: Date.now() + pause };
    clearTimeout(this.#timers.get(kind));
    this.#timers.set(
      kind,
      setTimeout(() => this.#over(kind), pause),
    );
    this.#onChange(this.#until);
  }

  /** Until when (ms since the epoch), if at all. */
  until(kind: LimitKind): number | null {
    return this.#until[kind] ?? null;
  }

  /** Ends it. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #over(kind: LimitKind): void {
    const { [kind]: _over, ...others } = this.#until;
    this.#until = others;
    this.#onChange(others);
  }
}
