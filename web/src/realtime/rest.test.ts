import fc from 'fast-check';
import { expect, it } from 'vitest';
import { message } from './fixture';
import { pageOf, type Want } from './rest';

/** The server's paging, by its definition. */
function served(seqs: number[], want: Want, limit: number): number[] {
  const upto = (last: number, most: number) =>
    most ? seqs.filter((seq) => seq <= last).slice(-most) : [];
  const after = (first: number, most: number) => seqs.filter((seq) => seq > first).slice(0, most);
  if ('before' in want) return upto(want.before - 1, limit);
  if ('after' in want) return after(want.after, limit);
  const half = Math.floor(limit / 2);
  return [...upto(want.around, Math.ceil(limit / 2)), ...after(want.around, half)];
}

const head = 40;
const seqs = fc.subarray(Array.from({ length: head }, (_, index) => index + 1));
const seq = fc.integer({ min: 1, max: head });
const want: fc.Arbitrary<Want> = fc.oneof(
  seq.map((before) => ({ before: before + 1 })),
  fc.integer({ min: 1, max: head - 1 }).map((after) => ({ after })),
  seq.map((around) => ({ around })),
);

it('a page is all the messages of its span, and reaches the place it was asked for', () => {
  fc.assert(
    fc.property(seqs, want, fc.integer({ min: 1, max: 12 }), (all, asked, limit) => {
      const found = served(all, asked, limit).map((at) => message(at));
      const { messages, span } = pageOf(found, asked, limit, head);
      const within = all.filter((at) => span.from <= at && at <= span.to);
      expect(messages.map((one) => one.seq)).toEqual(within);
      expect(span.from).toBeGreaterThanOrEqual(1);
      expect(span.to).toBeLessThanOrEqual(head);
      if ('before' in asked) expect(span.to).toBe(asked.before - 1);
      if ('after' in asked) expect(span.from).toBe(asked.after + 1);
      if ('around' in asked && limit > 1) {
        expect(span.from <= asked.around && asked.around <= span.to).toBe(true);
      }
    }),
  );
});
