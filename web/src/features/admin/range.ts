/** Which days: the last ones, or two dates of one's own. All days are days of UTC. Pure. */
import type { DayRange } from '../../state';

/** Most days at a time, as the server has it. */
export const MOST = 366;
/** How many last days may be chosen; the first is what one sees who chose nothing. */
export const LAST = [30, 7, 90] as const;

/** Some last days, or dates of one's own. */
export type Choice = (typeof LAST)[number] | 'own';

/** What is wrong about a range. */
export type Fault = 'incomplete' | 'backwards' | 'too-long';

const MILLIS = 86_400_000;

/** The present day. */
export const today = (now = Date.now()): string => dayOf(now);

/** So many days, of which `last` is the last. */
export function lastDays(count: number, last: string): DayRange {
  return { from: dayOf(Date.parse(last) - (count - 1) * MILLIS), to: last };
}

/** What is wrong about a range, if anything is. */
export function faultOf({ from, to }: DayRange): Fault | null {
  if (!isDay(from) || !isDay(to)) return 'incomplete';
  const days = (Date.parse(to) - Date.parse(from)) / MILLIS + 1;
  if (days < 1) return 'backwards';
  return days > MOST ? 'too-long' : null;
}

/** What an address says: `?days=7`, or `?from=2026-01-01&to=2026-01-31`; what it cannot mean is nothing. */
export function read(search: URLSearchParams, now: string): { choice: Choice; range: DayRange } {
  const range = { from: search.get('from') ?? '', to: search.get('to') ?? '' };
  if (!faultOf(range)) return { choice: 'own', range };
  const choice = LAST.find((days) => search.get('days') === `${days}`) ?? LAST[0];
  return { choice, range: lastDays(choice, now) };
}

function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(at) && dayOf(at) === text;
}

function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}
