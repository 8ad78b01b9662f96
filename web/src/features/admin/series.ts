/** What is plotted, and its one number over all days. Pure. */
import type { DayCounts } from '../../state';

/** A number of a day. */
export type Series = Exclude<keyof DayCounts, 'day'>;

/** In the order of the page. A sum over days has a meaning for the summed ones alone. */
export const SERIES: readonly { of: Series; look: 'bars' | 'line'; isSummed: boolean }[] = [
  { of: 'messages', look: 'bars', isSummed: true },
  { of: 'activeUsers', look: 'line', isSummed: false },
  { of: 'activeChats', look: 'line', isSummed: false },
  { of: 'newUsers', look: 'bars', isSummed: true },
  { of: 'newChats', look: 'bars', isSummed: true },
];

/** All of them together; or the most on a day, for who is active on two days is one user. */
export function totalOf(days: readonly DayCounts[], of: Series, isSummed: boolean): number {
  const values = days.map((day) => day[of]);
  return isSummed ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
}
