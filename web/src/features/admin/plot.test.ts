import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barsOf, HEIGHT, lineOf, middleOf, slotAt, topOf, WIDTH } from './plot';

const values = fc.array(fc.nat({ max: 10_000_000 }), { minLength: 1, maxLength: 366 });

/** Where a path's points lie. */
function pointsOf(path: string): { x: number[]; y: number[] } {
  const x: number[] = [];
  const y: number[] = [];
  for (const [, letter, first, second] of path.matchAll(/([MLHV])([\d.]+)(?: ([\d.]+))?/g)) {
    if (letter === 'V') y.push(Number(first));
    else x.push(Number(first));
    if (second !== undefined) y.push(Number(second));
  }
  return { x, y };
}

describe('the scale', () => {
  it('ends at a round number whose half is a whole one', () => {
    const tops = [[], [0], [1], [3], [5], [9], [10], [11], [60], [61], [99], [100], [250], [999]];
    expect(tops.map(topOf)).toEqual([2, 2, 2, 4, 6, 10, 10, 20, 60, 80, 100, 100, 400, 1000]);
  });

  it('holds every value, and is not much larger', () => {
    fc.assert(
      fc.property(values, (all) => {
        const most = Math.max(...all);
        expect(topOf(all)).toBeGreaterThanOrEqual(most);
        expect(topOf(all)).toBeLessThanOrEqual(Math.max(2, 2 * most));
        expect(topOf(all) % 2).toBe(0);
      }),
    );
  });
});

describe('what is drawn', () => {
  it('lies within the picture', () => {
    fc.assert(
      fc.property(values, (all) => {
        const top = topOf(all);
        for (const path of [barsOf(all, top), lineOf(all, top)]) {
          const { x, y } = pointsOf(path);
          expect(Math.min(WIDTH, ...x)).toBeGreaterThanOrEqual(0);
          expect(Math.max(0, ...x)).toBeLessThanOrEqual(WIDTH);
          expect(Math.min(HEIGHT, ...y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(0, ...y)).toBeLessThanOrEqual(HEIGHT);
        }
      }),
    );
  });

  it('is as high as its value', () => {
    expect(barsOf([0, 10, 5], 10)).toBe('M366.7 100V0H633.3V100ZM700 100V50H966.7V100Z');
    expect(lineOf([0, 10], 10)).toBe('M250 100L750 0');
    expect(lineOf([5], 10)).toBe('M400 50H600');
    expect([barsOf([], 2), lineOf([], 2)]).toEqual(['', '']);
  });

  it('is found again by where it lies', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 366 }), fc.nat(), (count, some) => {
        const index = some % count;
        expect(slotAt(middleOf(index, count) / WIDTH, count)).toBe(index);
        expect([slotAt(-1, count), slotAt(2, count)]).toEqual([0, count - 1]);
      }),
    );
  });
});
