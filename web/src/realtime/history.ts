/**
 * Loading pages of a chat's past: from the cache what is kept there, from the server the rest.
 * One load at a time of each chat and direction; asking again meanwhile is the same load.
 */
import type { ChatId } from '../protocol/ChatId';
import type { Cache } from './cache';
import { done, failed, type Outcome } from './problem';
import { applyKept, applyPage } from './replica/adopt';
import type { Page } from './replica/book';
import { stretchAt } from './replica/derive';
import type { Replica } from './replica/model';
import type { Rest, Want } from './rest';

/** Messages of one page. */
export const PAGE = 60;

/** What loading needs of the rest. */
export interface HistorySeams {
  rest: Pick<Rest, 'history'>;
  cache: Pick<Cache, 'page'> | null;
  read(): Replica;
  change(change: (replica: Replica) => Replica): void;
}

/** Loads pages into the replica. */
export class History {
  readonly #seams: HistorySeams;
  readonly #underWay = new Map<string, Promise<Outcome>>();

  constructor(seams: HistorySeams) {
    this.#seams = seams;
  }

  /** Makes sure that a page around this place is held. */
  around(chat: ChatId, seq: number): Promise<Outcome> {
    const stretch = this.#stretch(chat, seq);
    const enough = PAGE / 2;
    const older = stretch?.messages.filter((message) => message.seq <= seq).length ?? 0;
    const newer = (stretch?.messages.length ?? 0) - older;
    const isHeld =
      stretch !== null &&
      (older >= enough || !stretch.hasOlder) &&
      (newer >= enough || !stretch.hasNewer);
    return isHeld ? this.#keep(chat) : this.#load(chat, { around: seq });
  }

  /** Makes sure that the newest page is held. */
  newest(chat: ChatId): Promise<Outcome> {
    const head = this.#seams.read().chats[chat]?.state.lastSeq ?? 0;
    const stretch = this.#stretch(chat, head);
    const isHeld = stretch && (stretch.messages.length >= PAGE / 2 || !stretch.hasOlder);
    return isHeld ? this.#keep(chat) : this.#load(chat, { before: head + 1 });
  }

  /** One page before what is held around `anchor`. */
  older(chat: ChatId, anchor: number): Promise<Outcome> {
    const stretch = this.#stretch(chat, anchor);
    if (!stretch?.hasOlder) return Promise.resolve(done(undefined));
    return this.#load(chat, { before: stretch.from });
  }

  /** One page after what is held around `anchor`. */
  newer(chat: ChatId, anchor: number): Promise<Outcome> {
    const stretch = this.#stretch(chat, anchor);
    if (!stretch?.hasNewer) return Promise.resolve(done(undefined));
    return this.#load(chat, { after: stretch.to });
  }

  #keep(chat: ChatId): Promise<Outcome> {
    this.#seams.change((replica) => applyKept(replica, chat));
    return Promise.resolve(done(undefined));
  }

  #stretch(chat: ChatId, anchor: number) {
    const held = this.#seams.read().chats[chat];
    return held ? stretchAt(held.book, held.state.lastSeq, anchor) : null;
  }

  #load(chat: ChatId, want: Want): Promise<Outcome> {
    const key = JSON.stringify([chat, want]);
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const load = this.#fetch(chat, want).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, load);
    return load;
  }

  async #fetch(chat: ChatId, want: Want): Promise<Outcome> {
    const before = this.#seams.read();
    const held = before.chats[chat];
    if (!held) return failed({ code: 'not-found' });
    const kept = await this.#kept(chat, want, before.epoch);
    const head = held.state.lastSeq;
    let answer: Outcome<Page> =
      kept && isWorthShowing(kept)
        ? done(kept)
        : await this.#seams.rest.history(chat, want, PAGE, head);
    if (!answer.ok && kept) answer = done(kept);
    if (!answer.ok) return answer;
    const page = answer.value;
    // What was dropped meanwhile must not be mixed with what was loaded before: load it anew.
    const now = this.#seams.read();
    if (now.epoch !== before.epoch || now.chats[chat]?.era !== held.era) {
      return this.#fetch(chat, want);
    }
    this.#seams.change((replica) => applyPage(replica, chat, page));
    return done(undefined);
  }

  async #kept(chat: ChatId, want: Want, epoch: string | null): Promise<Page | null> {
    try {
      return (await this.#seams.cache?.page(chat, want, PAGE, epoch)) ?? null;
    } catch {
      return null;
    }
  }
}

/** A few kept messages would be shown for a moment and then pushed aside by the server's page. */
function isWorthShowing({ messages, span }: Page): boolean {
  return messages.length >= PAGE / 2 || span.from <= 1;
}
