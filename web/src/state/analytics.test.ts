import { beforeEach, expect, it, vi } from 'vitest';
import type { Analytics } from '../protocol/Analytics';
import { done, failed, type Outcome } from '../realtime/problem';
import { analyticsFile, counts, refreshAnalytics } from './analytics';
import { current } from './current';

const RANGE = { from: '2026-01-01', to: '2026-01-02' };

function answer(...answers: (Outcome<Analytics> | Promise<Outcome<Analytics>>)[]) {
  const analytics = vi.fn(async () => answers.shift() ?? failed({ code: 'unknown' }));
  current.setState({ starting: Promise.resolve({ rest: { analytics } } as never) });
  return analytics;
}

const counted = (messages: number): Outcome<Analytics> => {
  const none = { activeUsers: 0, activeChats: 0, newUsers: 0, newChats: 0 };
  return done({ days: [{ day: '2026-01-01', messages, ...none }] });
};

beforeEach(async () => {
  answer(failed({ code: 'forbidden' }));
  await refreshAnalytics(RANGE);
});

it('is hidden from those who may not see it, whatever was shown before', async () => {
  answer(counted(1), failed({ code: 'forbidden' }));
  await refreshAnalytics(RANGE);
  expect(counts.getState()).toMatchObject({ phase: 'ready', problem: null });
  await refreshAnalytics(RANGE);
  expect(counts.getState()).toEqual({ phase: 'hidden', analytics: null, problem: null });
});

it('goes on showing what it has when there is no answer', async () => {
  answer(failed({ code: 'timeout' }), counted(2), failed({ code: 'offline' }));
  await refreshAnalytics(RANGE);
  expect(counts.getState()).toMatchObject({ phase: 'failed', analytics: null });
  await refreshAnalytics(RANGE);
  await refreshAnalytics(RANGE);
  expect(counts.getState().phase).toBe('ready');
  expect(counts.getState().analytics?.days[0]?.messages).toBe(2);
  expect(counts.getState().problem).toEqual({ code: 'offline' });
});

it('takes no answer to an older question', async () => {
  let late = (_: Outcome<Analytics>): void => {};
  const slow = new Promise<Outcome<Analytics>>((resolve) => {
    late = resolve;
  });
  const rest = answer(slow, counted(3));
  const first = refreshAnalytics(RANGE);
  await vi.waitFor(() => expect(rest).toHaveBeenCalledOnce());
  await refreshAnalytics(RANGE);
  late(counted(4));
  await first;
  expect(counts.getState().analytics?.days[0]?.messages).toBe(3);
});

it('gets no file without a connection', async () => {
  current.setState({ starting: null });
  expect(await analyticsFile(RANGE)).toEqual(failed({ code: 'offline' }));
});
