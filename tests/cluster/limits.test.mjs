// Limits hold for the cluster, exactly; without Redis each node allows its share.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, registerAll, startCluster } from '../harness/index.mjs';

describe('limits across nodes', () => {
  let cluster;
  before(async () => (cluster = await startCluster({ env: { ZVON_LIMITS__MESSAGES_PER_MINUTE: '10' } })));
  after(() => cluster.finish());

  /** What of eighty sends of one user over eight sockets on three nodes, all at once, was let through. */
  async function storm() {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    const chatId = await chatOf(cluster, ann, bob);
    const sockets = [];
    for (let n = 0; n < 8; n++) sockets.push(await connect(cluster, ann, { url: cluster.nodes[n % 3].url }));
    const sends = sockets.flatMap((socket) => Array.from({ length: 10 }, () => socket.ask('message', { chatId, content: 'x' })));
    const answers = await Promise.all(sends);
    for (const socket of sockets) socket.close();
    const refused = answers.filter(({ status }) => status === 'error');
    for (const answer of refused) {
      assert.equal(answer.message, 'Rate limit exceeded');
      assert.ok(answer.retryAfterMs > 0 && answer.retryAfterMs <= 60_000, JSON.stringify(answer));
    }
    return answers.length - refused.length;
  }

  test('eight clients on three nodes get exactly ten messages a minute', async () => {
    for (let n = 0; n < 3; n++) assert.equal(await storm(), 10);
  });

  test('without Redis the cluster stays at the limit', async () => {
    // Every node has heard of the others by its second beat.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await cluster.redis.stop();
    try {
      const through = await storm();
      assert.ok(through >= 3 && through <= 10, `${through} of 10`);
    } finally {
      await cluster.redis.start();
    }
  });
});
