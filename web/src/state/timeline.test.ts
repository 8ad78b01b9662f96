import { describe, expect, it } from 'vitest';
import { ME, message } from '../realtime/fixture';
import type { Pending } from '../realtime/outbox/pending';
import { itemsOf } from './timeline';

const unsent: Pending = {
  clientId: 'c1',
  chatId: 'chat',
  content: 'text',
  createdAt: 1,
  state: 'waiting',
  problem: null,
};

describe('the rows of the message list', () => {
  it('are the same objects while their messages are', () => {
    const messages = [message(2), message(3)];
    const before = itemsOf(messages, [], ME);
    const after = itemsOf([...messages, message(4)], [], ME);
    expect(after.slice(0, 2).every((item, index) => item === before[index])).toBe(true);
  });

  it('end with what is unsent', () => {
    expect(itemsOf([message(2)], [unsent], ME).map(({ kind }) => kind)).toEqual([
      'message',
      'pending',
    ]);
  });

  it('keep their key when what was unsent is stored, and never show both', () => {
    const [row] = itemsOf([], [unsent], ME);
    const stored = itemsOf([message(2, ME, { clientId: 'c1' })], [unsent], ME);
    expect(stored.map(({ key }) => key)).toEqual([row?.key]);
    expect(stored[0]?.kind).toBe('message');
  });

  it("do not take another's client id for one's own", () => {
    const foreign = message(2, 'ann', { clientId: 'c1' });
    const keys = itemsOf([foreign], [unsent], ME).map(({ key }) => key);
    expect(keys).toEqual([foreign.id, 'c1']);
  });
});
