// Redis away: killed, frozen, flushed, its subscriptions cut. Messages go on, once, in order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, registerAll, startCluster, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('without Redis', () => {
  let cluster, ann, bob, chatId, sockets, sent;
  before(async () => {
    cluster = await startCluster();
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    chatId = await chatOf(cluster, ann, bob);
    sockets = [];
    for (const node of cluster.nodes) {
      for (const person of [ann, bob]) sockets.push(await connect(cluster, person, { url: node.url }));
    }
    for (const socket of sockets) await socket.ask('chat:join', { chatId });
    sent = [];
  });
  after(() => cluster.finish());

  /** Sends from every node in turn; the longest an ack took, in ms. */
  async function talk(count, pause = 20) {
    let longest = 0;
    for (let n = 0; n < count; n++) {
      const began = Date.now();
      const { id } = await sockets[n % sockets.length].ask('message', { chatId, content: `${sent.length}` });
      longest = Math.max(longest, Date.now() - began);
      sent.push(id);
      await wait(pause);
    }
    return longest;
  }

  /** Every socket has heard all that was sent, each once, in one order. */
  async function allHeard(patience) {
    const heard = (socket) => socket.all('message').map(({ id }) => id);
    await until(() => sockets.every((socket) => heard(socket).length >= sent.length), () => `${sockets.map((s) => heard(s).length)} of ${sent.length}`, patience);
    const orders = sockets.map((socket) => socket.all('message').map(({ seq }) => seq));
    for (const order of orders) {
      assert.deepEqual(order, [...new Set(order)].sort((a, b) => a - b), 'once, ascending');
      assert.equal(order.length, sent.length);
    }
  }

  test('all is heard everywhere at once while it is there', async () => {
    await talk(30);
    const began = Date.now();
    await allHeard(2000);
    assert.ok(Date.now() - began < 1000);
  });

  test('F4 killed: sends go on, everything is heard within three seconds, health says so', async () => {
    await cluster.redis.stop();
    const longest = await talk(40);
    assert.ok(longest <= 1500, `an ack took ${longest} ms`);
    await allHeard(3000);
    const health = await get(cluster, '/health');
    assert.deepEqual([health.status, health.body.details.redis.status], [200, 'down']);
    assert.equal((await get(cluster, '/health/readiness')).status, 200, 'balancers go on sending clients');
    await cluster.redis.start();
    await until(async () => (await get(cluster, '/health')).body.details.redis.status === 'up', () => 'redis is not back', 5000);
    await wait(1500);
    await talk(20);
    await allHeard(3000);
  });

  test('F8 frozen for three seconds: nothing hangs', async () => {
    cluster.redis.signal('SIGSTOP');
    let longest;
    try {
      const talking = talk(40, 50);
      await wait(3000);
      longest = await talking;
    } finally {
      cluster.redis.signal('SIGCONT');
    }
    assert.ok(longest <= 2000, `an ack took ${longest} ms`);
    await allHeard(5000);
  });

  test('F5 flushed, F9 subscriptions cut again and again: nothing is lost', async () => {
    for (let n = 0; n < 4; n++) {
      cluster.redis.cli('FLUSHALL');
      cluster.redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await talk(10, 5);
    }
    await allHeard(5000);
    for (const socket of sockets) assert.deepEqual(socket.disconnects, [], 'nobody was cut off');
  });

  test('what every node stores and shows is the same', async () => {
    for (let n = 0; n < 3; n++) {
      const history = (await get(cluster, `/chats/${chatId}/messages?limit=200`, { token: ann.token })).body;
      const ids = history.map(({ id }) => id);
      assert.deepEqual(ids, sockets[0].all('message').map(({ id }) => id).slice(-ids.length));
    }
  });
});
