// The judge itself: a good log passes, and every kind of damage is found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from '../harness/index.mjs';
import { holds } from './verdict.mjs';

/** Ten sends of one device, all stored and acked. */
function good() {
  const stored = [];
  const sends = [];
  for (let n = 0; n < 10; n++) {
    const message = { id: `id${n}`, clientId: `key${n}`, senderId: 'ann', content: `Ann phone ${n}`, seq: n + 2, createdAt: `2026-01-01T00:00:00.00${n}Z` };
    stored.push(message);
    const acks = [{ id: message.id, seq: message.seq, content: message.content, at: n * 10 + 5 }];
    sends.push({ sender: 'ann', send: { clientId: message.clientId, content: message.content, invoked: n * 10, acks } });
  }
  return { stored, sends, ends: { firstSeq: 2, lastSeq: 11 } };
}

/** Whether the judge is content with a log that was damaged like this. */
function passes(damage) {
  const { stored, sends, ends } = good();
  damage(stored, sends, ends);
  holds(stored, sends, ends);
}
const renumber = (stored) => stored.forEach((message, n) => (message.seq = n + 2));

describe('the judge of the log', () => {
  test('passes a good log, and a send without an ack whether stored or not', () => {
    passes(() => {});
    passes((_, sends) => (sends[9].send.acks = []));
    passes((stored, sends, ends) => {
      stored.pop();
      sends[9].send.acks = [];
      ends.lastSeq = 10;
    });
  });

  const damages = {
    'an acked message is gone': (stored, _, ends) => {
      stored.pop();
      ends.lastSeq = 10;
    },
    'a hole': (stored) => stored.splice(4, 1),
    'a lost end': (_stored, _sends, ends) => (ends.lastSeq = 12),
    'a clientId twice': (stored, _, ends) => {
      stored.push({ ...stored[9], id: 'other', seq: 12 });
      ends.lastSeq = 12;
    },
    'another content': (stored) => (stored[3].content = 'Ann phone 99'),
    'a message that nobody sent': (stored, _, ends) => {
      stored.push({ ...stored[9], id: 'other', clientId: 'other', seq: 12 });
      ends.lastSeq = 12;
    },
    'another place than acked': (_, sends) => (sends[5].send.acks[0].seq = 8),
    'two acks that differ': (_, sends) => sends[5].send.acks.push({ ...sends[5].send.acks[0], seq: 8 }),
    'two sends of a device the wrong way round': (stored, sends) => {
      [stored[4], stored[5]] = [stored[5], stored[4]];
      renumber(stored);
      for (const { send } of sends) send.acks[0].seq = stored.find(({ id }) => id === send.acks[0].id).seq;
    },
    'time that goes back': (stored) => (stored[5].createdAt = '2025-01-01T00:00:00.000Z'),
    'what was acked before it was sent stands after it': (_, sends) => (sends[6].send.acks[0].at = 45) && (sends[5].send.invoked = 50),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`finds ${name}`, () => assert.throws(() => passes(damage), assert.AssertionError));
  }
});
