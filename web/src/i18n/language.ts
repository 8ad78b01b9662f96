/** A language in use: sentences, numbers, dates and order, all by `Intl`. */
import type { Problem } from '../state';
import { type Dictionary, en, type Key } from './en';
import { isolate } from './isolate';
import { ru } from './ru';

/** The languages there are. */
export type Tag = 'en' | 'ru';

/** What may stand for a `{name}` in a sentence; `count` also chooses the plural form. */
export type Params = Record<string, string | number>;

/** The dictionary of every language. */
export const dictionaries: Record<Tag, Dictionary> = { en, ru };

/** The language for a choice and what the browser prefers. */
export function pickTag(choice: 'system' | Tag, preferred: readonly string[]): Tag {
  if (choice !== 'system') return choice;
  for (const tag of preferred) {
    const base = tag.toLowerCase().split('-')[0];
    if (base === 'en' || base === 'ru') return base;
  }
  return 'en';
}

/** Sentences and formats of one language. */
export class Language {
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;
  readonly #ago: Intl.RelativeTimeFormat;
  readonly #formats = new Map<string, Intl.DateTimeFormat>();
  readonly collator: Intl.Collator;

  constructor(readonly tag: Tag) {
    this.#plural = new Intl.PluralRules(tag);
    this.#number = new Intl.NumberFormat(tag);
    this.#ago = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
    this.collator = new Intl.Collator(tag, { sensitivity: 'base', numeric: true });
  }

  /** The sentence of a key. */
  t = (key: Key, params: Params = {}): string => {
    const phrase = dictionaries[this.tag][key];
    const sentence =
      typeof phrase === 'string'
        ? phrase
        : (phrase[this.#plural.select(Number(params.count ?? 0))] ?? phrase.other);
    return sentence.replace(/\{(\w+)\}/g, (mark, name: string) => {
      const value = params[name];
      if (value === undefined) return mark;
      return typeof value === 'number' ? this.#number.format(value) : isolate(value);
    });
  };

  /** What went wrong, and what to do about it. */
  problem = (problem: Problem): string => {
    const { seconds, min } = problem.params ?? {};
    return this.t(`problem.${problem.code}`, { ...problem.params, count: seconds ?? min ?? 1 });
  };

  /** How long ago, in the unit that fits. */
  ago = (ms: number): string => {
    const minutes = Math.max(1, Math.round(ms / 60_000));
    if (minutes < 60) return this.#ago.format(-minutes, 'minute');
    const hours = Math.round(minutes / 60);
    if (hours < 24) return this.#ago.format(-hours, 'hour');
    return this.#ago.format(-Math.round(hours / 24), 'day');
  };

  /** Hours and minutes. */
  time = (at: Date): string => this.#date('time', { hour: 'numeric', minute: '2-digit' }, at);

  /** The day and the time. */
  moment = (at: Date): string =>
    this.#date('moment', { dateStyle: 'long', timeStyle: 'short' }, at);

  /** Everything, for a tooltip. */
  full = (at: Date): string => this.#date('full', { dateStyle: 'full', timeStyle: 'short' }, at);

  /** The day, as a heading among messages. */
  day = (at: Date, now = new Date()): string => {
    const days = daysBetween(at, now);
    if (days === 0) return this.t('chat.today');
    if (days === 1) return this.t('chat.yesterday');
    if (at.getFullYear() === now.getFullYear()) {
      return this.#date('day', { weekday: 'long', day: 'numeric', month: 'long' }, at);
    }
    return this.#date('dayYear', { day: 'numeric', month: 'long', year: 'numeric' }, at);
  };

  /** As short as it can be said in a list. */
  brief = (at: Date, now = new Date()): string => {
    const days = daysBetween(at, now);
    if (days <= 0) return this.time(at);
    if (days === 1) return this.t('chats.yesterday');
    if (days < 7) return this.#date('weekday', { weekday: 'short' }, at);
    if (at.getFullYear() === now.getFullYear()) {
      return this.#date('dayMonth', { day: 'numeric', month: 'short' }, at);
    }
    return this.#date('short', { day: '2-digit', month: '2-digit', year: '2-digit' }, at);
  };

  /** A day of UTC, given as `2026-01-31`. */
  utcDay = (day: string): string =>
    this.#date('utcDay', { dateStyle: 'medium', timeZone: 'UTC' }, new Date(day));

  /** A whole number. */
  number = (value: number): string => this.#number.format(value);

  #date(name: string, options: Intl.DateTimeFormatOptions, at: Date): string {
    let format = this.#formats.get(name);
    if (!format) {
      format = new Intl.DateTimeFormat(this.tag, options);
      this.#formats.set(name, format);
    }
    return format.format(at);
  }
}

/** How many midnights lie between two moments. */
export function daysBetween(earlier: Date, later: Date): number {
  const start = Date.UTC(earlier.getFullYear(), earlier.getMonth(), earlier.getDate());
  const end = Date.UTC(later.getFullYear(), later.getMonth(), later.getDate());
  return Math.round((end - start) / 86_400_000);
}
