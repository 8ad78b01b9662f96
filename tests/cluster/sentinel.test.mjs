// F6 nodes on a Redis behind Sentinels: the primary is killed, another takes over, all goes on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, registerAll, startCluster, startRedis, startSentinels, until } from '../harness/index.mjs';

describe('Redis behind Sentinels', () => {
  let primary, replica, sentinels, cluster;
  before(async () => {
    primary = await startRedis();
    replica = await startRedis(['--replicaof', '127.0.0.1', primary.port]);
    sentinels = await startSentinels(primary.port);
    const hosts = sentinels.ports.map((port) => `127.0.0.1:${port}`).join();
    cluster = await startCluster({ env: { REDIS_URL: `redis+sentinel://${hosts}/main` } });
  });
  after(async () => {
    await cluster?.finish();
    for (const one of [sentinels, primary, replica]) await one?.stop();
  });

  test('F6 a failover: nothing is lost, and typing crosses nodes again within eight seconds', async () => {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    const chatId = await chatOf(cluster, ann, bob);
    const [a, b] = [await connect(cluster, ann), await connect(cluster, bob)];
    for (const socket of [a, b]) await socket.ask('chat:join', { chatId });
    const heard = () => b.all('message').map(({ content }) => Number(content));
    let sent = 0;
    const say = async () => a.ask('message', { chatId, content: `${sent++}` });
    for (let n = 0; n < 5; n++) await say();
    await until(() => heard().length === sent, () => `${heard()}`, 3000);
    await primary.stop();
    const began = Date.now();
    while (Date.now() - began < 4000) await say();
    await until(() => heard().length === sent, () => `${heard().length} of ${sent}`, 4000);
    assert.deepEqual(heard(), [...heard().keys()], 'once, in order');
    const crosses = async () => {
      a.tell('user:typing', { chatId, isTyping: true });
      return b.next('user:typing', () => true, 300).then(() => true, () => false);
    };
    await until(crosses, () => 'typing does not cross nodes', 8000 - (Date.now() - began));
    await until(async () => (await get(cluster, '/health')).body.details.redis.status === 'up', () => 'health', 3000);
    assert.deepEqual([a.disconnects, b.disconnects], [[], []]);
    for (const socket of [a, b]) socket.close();
  });
});
