// Several nodes of each kind in one cluster.
import assert from 'node:assert/strict';
import { afterEach, before, test } from 'node:test';
import { atEnd, describe } from '../harness/ends.mjs';
import { startRedis, startRedisCluster } from '../harness/services.mjs';
import { until } from '../harness/until.mjs';
import { ask } from './engine.mjs';
import { startJs, startRust } from './nodes.mjs';

describe('two nodes of each kind', () => {
  let nodes;
  let redis;
  before(async () => {
    redis = await startRedis();
    const rust = [await startRust(redis, 'dynamic'), await startRust(redis, 'dynamic')];
    const js = [await startJs(redis, 'dynamic', 'redis'), await startJs(redis, 'dynamic', 'redis')];
    nodes = [...rust, ...js];
  });
  afterEach(() => nodes.forEach((node) => node.leave()));

  test('every node counts every socket once, whoever asks', async () => {
    const clients = await Promise.all(nodes.map((node) => node.client('/', ['red'])));
    for (const client of clients) client.on('q', (answer) => answer(client.id));
    const ids = clients.map(({ id }) => id).sort();
    for (const client of clients) {
      const found = await ask(client, 'fetch', { rooms: ['red'] });
      assert.deepEqual(found.map(({ id }) => id).sort(), ids);
      const answers = await ask(client, 'ask', { rooms: ['red'], timeout: 3000 }, 'q');
      assert.deepEqual(answers.sort(), ids);
      assert.deepEqual(await ask(client, 'server:ask', { timeout: 3000 }, 'ask', 1), [1, 1, 1]);
    }
  });

  test('they find each other again when Redis has been away', async () => {
    const clients = await Promise.all(nodes.map((node) => node.client('/', ['red'])));
    await redis.stop();
    await redis.start();
    for (const client of clients) {
      const deaf = new Set(clients);
      for (const each of clients) each.on('e', () => deaf.delete(each));
      await until(async () => {
        await ask(client, 'emit', { rooms: ['red'] }, 'e');
        return deaf.size === 0;
      }, () => `${deaf.size} clients hear nothing`);
      for (const each of clients) each.off('e');
    }
  });
});

// Of their clients for a cluster, each in its own way.
for (const library of ['redis', 'ioredis']) {
  describe(`two nodes of each kind on a Redis Cluster, ${library}`, () => {
    const ROOMS = Array.from({ length: 12 }, (_, n) => `room:${n}`);
    let nodes;
    let redis;
    before(async () => {
      redis = await startRedisCluster();
      atEnd(() => redis.stop());
      nodes = [];
      for (let n = 0; n < 2; n++) {
        nodes.push(await startRust(redis, 'dynamic'), await startJs(redis, 'dynamic', library));
      }
    });
    afterEach(() => nodes.forEach((node) => node.leave()));

    /** What each client of a node hears of what each says in each room. */
    async function everybodyHears(clients) {
      const heard = clients.map(() => []);
      clients.forEach((client, n) => client.on('e', (...args) => heard[n].push(args.join())));
      const said = [];
      for (const [n, client] of clients.entries()) {
        for (const room of ROOMS) {
          said.push(`${n},${room}`);
          await ask(client, 'emit', { rooms: [room] }, 'e', n, room);
        }
      }
      const sorted = (list) => [...list].sort();
      await until(() => heard.every((all) => all.length >= said.length), () => `${heard.map((all) => all.length)} of ${said.length}`);
      for (const all of heard) assert.deepEqual(sorted(all), sorted(said));
      for (const client of clients) client.off('e');
    }

    test('everybody hears every room once, whichever master it is at', async () => {
      await everybodyHears(await Promise.all(nodes.map((node) => node.client('/', ROOMS))));
    });

    test('every node counts every socket once, whoever asks', async () => {
      const clients = await Promise.all(nodes.map((node) => node.client('/', ['red'])));
      for (const client of clients) client.on('q', (answer) => answer(client.id));
      const ids = clients.map(({ id }) => id).sort();
      for (const client of clients) {
        const found = await ask(client, 'fetch', { rooms: ['red'] });
        assert.deepEqual(found.map(({ id }) => id).sort(), ids);
        const answers = await ask(client, 'ask', { rooms: ['red'], timeout: 3000 }, 'q');
        assert.deepEqual(answers.sort(), ids);
      }
    });
  });
}
