import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Acks } from './acks';
import { pauseBefore } from './backoff';
import { newChat } from './fixture';
import { Limits } from './limits';
import { TypingOthers, TypingSelf } from './typing';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('cursor moves', () => {
  it('go out as the furthest place of each chat, once', () => {
    const tell = vi.fn();
    const acks = new Acks(tell);
    for (const seq of [3, 9, 5]) acks.read('a', seq);
    acks.read('b', 2);
    vi.advanceTimersByTime(100);
    expect(tell.mock.calls).toEqual([
      ['message:read', { chatId: 'a', seq: 9 }],
      ['message:read', { chatId: 'b', seq: 2 }],
    ]);
  });

  it('go out at once when the page is about to go, and then no more', () => {
    const tell = vi.fn();
    const acks = new Acks(tell);
    acks.read('a', 3);
    acks.flush();
    expect(tell.mock.calls).toEqual([['message:read', { chatId: 'a', seq: 3 }]]);
    vi.advanceTimersByTime(1000);
    expect(tell).toHaveBeenCalledTimes(1);
  });

  it('that could not be told are told after the next sync', () => {
    const tell = vi.fn();
    const told = { ...newChat(), lastSeq: 9, readSeq: 4, deliveredSeq: 6 };
    new Acks(tell).catchUp([told], () => ({ ...told, readSeq: 8 }));
    vi.advanceTimersByTime(1000);
    expect(tell.mock.calls).toEqual([
      ['message:read', { chatId: 'chat', seq: 8 }],
      ['message:delivered', { chatId: 'chat', seq: 9 }],
    ]);
  });
});

describe('others who type', () => {
  it('are forgotten after six seconds without a word', () => {
    const heard = vi.fn();
    const others = new TypingOthers(heard);
    others.heard('a', 'ann', true);
    vi.advanceTimersByTime(5000);
    others.heard('a', 'ann', true);
    vi.advanceTimersByTime(5999);
    expect(heard.mock.calls).toEqual([['a', ['ann']]]);
    vi.advanceTimersByTime(1);
    expect(heard).toHaveBeenLastCalledWith('a', []);
  });

  it('stop when they say so', () => {
    const heard = vi.fn();
    const others = new TypingOthers(heard);
    others.heard('a', 'ann', true);
    others.heard('a', 'bob', true);
    others.heard('a', 'ann', false);
    expect(heard).toHaveBeenLastCalledWith('a', ['bob']);
  });
});

describe('typing oneself', () => {
  it('is told now and then, and ends by itself', () => {
    const tell = vi.fn();
    const self = new TypingSelf(tell);
    for (let key = 0; key < 50; key += 1) {
      self.set('a', true);
      vi.advanceTimersByTime(100);
    }
    expect(tell.mock.calls).toEqual([
      ['a', true],
      ['a', true],
    ]);
    vi.advanceTimersByTime(4000);
    expect(tell).toHaveBeenLastCalledWith('a', false);
    self.set('a', false);
    expect(tell).toHaveBeenCalledTimes(3);
  });
});

it('a limit is over when its time is', () => {
  const heard = vi.fn();
  const limits = new Limits(heard);
  limits.hit('message', 5000);
  expect(limits.until('message')).toBe(Date.now() + 5000);
  vi.advanceTimersByTime(5000);
  expect(limits.until('message')).toBeNull();
  expect(heard).toHaveBeenLastCalledWith({});
});

it('pauses double, have an end, and spread a crowd over half of themselves', () => {
  expect([0, 1, 2, 9].map((attempt) => pauseBefore(attempt, 1))).toEqual([500, 1000, 2000, 15_000]);
  expect(pauseBefore(3, 0)).toBe(2000);
});
