// A status that one node tells may be overtaken by a newer one of another. Nobody hears it afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, registerAll, startCluster, startProxy, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('statuses of several nodes', () => {
  let cluster, slow;
  before(async () => {
    // What the last node says to Redis can be made late.
    const envOf = async (n, { redis }) => {
      if (n < 2) return {};
      slow = await startProxy(redis);
      return { REDIS_URL: slow.url.replace('http', 'redis') };
    };
    cluster = await startCluster({ envOf });
  });
  after(() => cluster.finish());

  test('a late DELIVERED does not follow READ', async () => {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    const chatId = await chatOf(cluster, ann, bob);
    const [one, other, last] = cluster.nodes;
    const a = await connect(cluster, ann, { url: one.url });
    const [reader, phone] = [await connect(cluster, bob, { url: other.url }), await connect(cluster, bob, { url: last.url })];
    await phone.ask('chat:join', { chatId });
    await phone.settle();
    for (let n = 0; n < 3; n++) {
      slow.late();
      const { id } = await a.ask('message', { chatId, content: `${n}` });
      const own = () => a.all('message:status').filter(({ messageId }) => messageId === id).map(({ status }) => status);
      await phone.hear('message', (message) => message.id === id);
      // The last node has moved the cursor, and its word of it waits for Redis.
      const moved = () => cluster.postgres.psql(`SELECT count(*) FROM members m JOIN chats c ON c.id = m.chat_id WHERE c.id = '${chatId}' AND m.user_id = '${bob.id}' AND m.delivered_seq = c.last_seq`) === '1';
      await until(moved, () => 'it was not delivered', 3000);
      await wait(50);
      assert.deepEqual(own(), []);
      assert.equal((await reader.ask('message:read', { messageId: id })).status, 'ok');
      await until(() => own().length > 0, () => 'it was not read', 3000);
      slow.late(false);
      await wait(700);
      assert.deepEqual(own(), ['READ']);
    }
    for (const socket of [a, reader, phone]) socket.close();
  });
});
