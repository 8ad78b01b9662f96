// Several nodes of each kind in one cluster.
import assert from 'node:assert/strict';
import { afterEach, before, test } from 'node:test';
import { describe } from '../harness/ends.mjs';
import { startRedis } from '../harness/services.mjs';
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
