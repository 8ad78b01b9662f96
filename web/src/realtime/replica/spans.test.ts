import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addSpan, covers, type Span, spanAt } from './spans';

const span = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 8 }))
  .map(([from, length]) => ({ from, to: from + length }));

it('knows exactly what was added, in the fewest spans', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), (added) => {
      const spans = added.reduce<readonly Span[]>(addSpan, []);
      const known = new Set(added.flatMap(({ from, to }) => range(from, to)));
      for (const seq of range(1, 70)) expect(spanAt(spans, seq) !== null).toBe(known.has(seq));
      for (const [index, { from }] of spans.entries()) {
        if (index > 0) expect(from).toBeGreaterThan((spans[index - 1] as Span).to + 1);
      }
    }),
  );
});

it('covers what lies within one span', () => {
  const spans = [
    { from: 3, to: 5 },
    { from: 8, to: 9 },
  ];
  expect(covers(spans, 3, 5)).toBe(true);
  expect(covers(spans, 5, 8)).toBe(false);
  expect(covers(spans, 7, 6)).toBe(true);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
