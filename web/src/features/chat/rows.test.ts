import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message, TimelineItem } from '../../state';
import { buildRows, indexOfSeq, type Row } from './rows';

const noon = Date.UTC(2026, 2, 10, 12);

function message(seq: number, minutes: number, senderId: string): TimelineItem {
  const createdAt = new Date(noon + minutes * 60_000).toISOString();
  return {
    kind: 'message',
    key: `m${seq}`,
    message: { id: `m${seq}`, seq, senderId, createdAt, content: 'x' } as Message,
  };
}

const timeline = (items: TimelineItem[], hasOlder = false, firstUnreadSeq: number | null = null) =>
  buildRows({ items, hasOlder, firstUnreadSeq }, 'me');
const shape = (rows: Row[]) =>
  rows.map((row) =>
    row.kind === 'message' ? `${row.first ? '[' : ''}${row.key}${row.last ? ']' : ''}` : row.kind,
  );

describe('the rows', () => {
  it('group what one sender says within five minutes', () => {
    const items = [message(1, 0, 'a'), message(2, 4, 'a'), message(3, 9, 'a'), message(4, 9, 'me')];
    expect(shape(timeline(items))).toEqual(['date', '[m1', 'm2]', '[m3]', '[m4]']);
  });

  it('separate days', () => {
    const rows = timeline([message(1, 0, 'a'), message(2, 2880, 'a')]);
    expect(shape(rows)).toEqual(['date', '[m1]', 'date', '[m2]']);
  });

  it('draw the line before the first unread message, once, and begin a group there', () => {
    const items = [message(3, 0, 'a'), message(5, 1, 'a'), message(6, 1, 'a')];
    expect(shape(timeline(items, false, 4))).toEqual(['date', '[m3', 'new', '[m5', 'm6]']);
  });

  it('find a message, or what follows it', () => {
    const rows = timeline([message(3, 0, 'a'), message(7, 1, 'a')]);
    expect([3, 5, 7, 8].map((seq) => indexOfSeq(rows, seq))).toEqual([1, 2, 2, -1]);
  });

  it('stay the same objects, and of the same shape, when a page comes in above', () => {
    const step = fc.record({
      gap: fc.integer({ min: 0, max: 900 }),
      sender: fc.constantFrom('a', 'me'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 40 }), fc.nat(), (steps, cut) => {
        let minutes = 0;
        const items = steps.map(({ gap, sender }, i) => {
          minutes += gap;
          return message(i + 1, minutes, sender);
        });
        const from = 1 + (cut % (items.length - 2));
        const below = timeline(items.slice(from), true);
        const all = timeline(items);
        expect(all.slice(-below.length)).toEqual(below);
      }),
    );
  });
});
