import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SyncAck } from '../protocol/SyncAck';
import { CHAT, ME, newChat, said, syncAck } from './fixture';
import { Follow } from './follow';
import { done, failed, type Outcome } from './problem';
import { applyPage, applySync } from './replica/adopt';
import { emptyReplica, type Replica } from './replica/model';

const page = { messages: [], span: { from: 1, to: 1 } };

let replica: Replica;
let answers: ((outcome: Outcome<SyncAck>) => void)[];
const sync = vi.fn<(cursors: Record<string, number>) => Promise<Outcome<SyncAck>>>();
const onLevel = vi.fn();

function follow(): Follow {
  const change = (how: (replica: Replica) => Replica) => {
    replica = how(replica);
  };
  return new Follow({ read: () => replica, change, sync, onLevel, onApplied: () => {} });
}

beforeEach(() => {
  vi.useFakeTimers();
  replica = applyPage(applySync(emptyReplica(ME), syncAck([newChat()])), CHAT, page);
  answers = [];
  sync.mockReset().mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
  onLevel.mockReset();
});

afterEach(() => void vi.useRealTimers());

const head = () => replica.chats.chat?.state.lastSeq;
const answer = async (outcome: Outcome<SyncAck>) => {
  answers.shift()?.(outcome);
  await vi.advanceTimersByTimeAsync(0);
};

it('asks with what it holds, and applies what came meanwhile after the answer', async () => {
  const line = follow();
  line.opened();
  expect(sync).toHaveBeenCalledWith({ chat: 1 });
  line.heard(said(2));
  line.heard(said(3));
  expect(head()).toBe(1);
  const state = { ...newChat(), lastSeq: 2, unread: 1 };
  await answer(done(syncAck([state], [said(2)])));
  expect(head()).toBe(3);
  expect(replica.chats.chat?.state.unread).toBe(2);
  expect(onLevel).toHaveBeenCalledTimes(1);
});

it('asks again when a hole stays open, once for many events', async () => {
  const line = follow();
  line.opened();
  await answer(done(syncAck([newChat()])));
  for (const seq of [3, 4, 5]) line.heard(said(seq));
  await vi.advanceTimersByTimeAsync(400);
  expect(sync).toHaveBeenCalledTimes(2);
  const state = { ...newChat(), lastSeq: 5, unread: 4 };
  await answer(done(syncAck([state], [said(2), said(3), said(4), said(5)])));
  expect(head()).toBe(5);
  expect(replica.chats.chat?.ahead).toEqual([]);
});

it('asks again for a chat that it does not know', async () => {
  const line = follow();
  line.opened();
  await answer(done(syncAck([newChat()])));
  line.heard(said(2, 'ann', { chatId: 'other' }));
  await vi.advanceTimersByTimeAsync(400);
  expect(sync).toHaveBeenCalledTimes(2);
});

it('tries again when the answer is a refusal, and forgets an answer of an old connection', async () => {
  const line = follow();
  line.opened();
  await answer(failed({ code: 'unavailable' }));
  await vi.advanceTimersByTimeAsync(1000);
  expect(sync).toHaveBeenCalledTimes(2);
  line.lost();
  line.opened();
  expect(sync).toHaveBeenCalledTimes(3);
  await answer(done(syncAck([])));
  expect(head()).toBe(1);
  await answer(done(syncAck([{ ...newChat(), lastSeq: 2 }], [said(2)])));
  expect(head()).toBe(2);
  expect(onLevel).toHaveBeenCalledTimes(1);
});
