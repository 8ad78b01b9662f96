/** How long to wait before trying again. */

const FIRST = 500;
const LONGEST = 15_000;

/** The pause before the given try (0, 1, 2 …): doubling, spread by `random` so crowds disperse. */
export function pauseBefore(attempt: number, random: number): number {
  const longest = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10));
  return Math.round(longest * (0.5 + random / 2));
}
