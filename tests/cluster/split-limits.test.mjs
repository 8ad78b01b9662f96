// F7 limits in a split: each side counts for itself, so somebody who is on both may do what is allowed on
// each. Never more, whatever becomes of Redis meanwhile; and when the sides are one, so is the count.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, registerAll, until } from '../harness/index.mjs';
import { startApart } from './apart.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
/** A share of four for each of three nodes. */
const LIMIT = 12;
const WINDOW = 60_000;
const APART = 20_000;
/** Until all nodes have the same Redis again. */
const TOGETHER = 3000;

describe('limits while Redis is apart', () => {
  let apart, cluster;
  before(async () => {
    apart = await startApart({ ZVON_LIMITS__MESSAGES_PER_MINUTE: String(LIMIT) });
    ({ cluster } = apart);
  });
  after(() => apart?.finish());

  /** Whether a message may be sent; nothing but the limit is in its way. */
  async function isAllowed(socket, chatId) {
    const { id, message } = await socket.ask('message', { chatId, content: 'x' });
    assert.ok(id || message === 'Rate limit exceeded', message);
    return Boolean(id);
  }

  /** Somebody with a socket on each node, who writes by all of them, as much as they are let. */
  async function startWriter(person, other, since) {
    const chatId = await chatOf(cluster, person, other);
    const sockets = await Promise.all(cluster.nodes.map(({ url }) => connect(cluster, person, { url })));
    /** Which node let a message through, and when. */
    const sent = [];
    let writing = true;
    const write = async (socket, node) => {
      while (writing) {
        if (await isAllowed(socket, chatId)) sent.push({ node, at: since() });
        await wait(50);
      }
    };
    const done = Promise.all(sockets.map(write));
    const finish = async () => {
      writing = false;
      await done;
      for (const socket of sockets) socket.close();
    };
    return { sent, finish };
  }

  test('F7 twice the limit at most over both sides, and exactly the limit afterwards', async (t) => {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    // Every node has heard of the others by its second beat.
    await wait(3000);
    assert.ok(apart.isMaster(), 'another master before anything happened');
    let began = Date.now();
    const since = () => Date.now() - began;
    const a = await startWriter(ann, bob, since);
    apart.part();
    await until(apart.refuses, () => 'the master that is cut off takes writes', 10_000);
    const refused = since();
    await until(apart.isReplaced, () => 'no other master', 15_000);
    const promoted = since();
    await wait(APART - since());
    apart.heal();
    const healed = since();
    await wait(TOGETHER + 5000);
    await a.finish();
    assert.ok(since() < WINDOW, 'all of it was in one window');
    const by = (node) => a.sent.filter((one) => one.node === node).length;
    const [cut, others] = [by(0), by(1) + by(2)];
    t.diagnostic(`writes refused after ${refused} ms, another master after ${promoted} ms; of a limit of ${LIMIT}: ${cut} on the side that was cut off, ${others} on the other`);
    assert.ok(cut > 0 && others > 0, 'both sides go on');
    assert.ok(cut + others <= 2 * LIMIT, `${cut} and ${others} of ${LIMIT}, by node and time: ${a.sent.map(({ node, at }) => `${node} ${at}`)}`);
    const late = a.sent.filter(({ at }) => at > healed + TOGETHER);
    assert.deepEqual(late, [], 'nothing more was let through when all was one');

    // Who was counted nowhere yet is counted exactly.
    began = Date.now();
    const b = await startWriter(bob, ann, since);
    await until(() => b.sent.length >= LIMIT, () => `${b.sent.length} of ${LIMIT}`, 5000);
    await wait(1000);
    await b.finish();
    assert.equal(b.sent.length, LIMIT);
  });
});
