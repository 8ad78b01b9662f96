// Nodes on a Redis with the users of deploy/redis/acl.conf: what that user may do is all they need,
// and what it may not is refused.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chatOf, connect, describe, post, registerAll, startCluster, startRedis, until } from '../harness/index.mjs';

const FILE = join(fileURLToPath(new URL('../../deploy/redis', import.meta.url)), 'acl.conf');
const as = (user, password = user) => ['--user', user, '--pass', password, '--no-auth-warning'];

describe('a Redis whose users have rights', () => {
  let redis, cluster;
  before(async () => {
    redis = await startRedis(['--include', FILE]);
    const url = `redis://zvon:node@127.0.0.1:${redis.port}`;
    cluster = await startCluster({ env: { REDIS_URL: url, ZVON_CLUSTER__KEY: randomBytes(32).toString('hex') } });
  });
  after(async () => {
    await cluster.finish();
    await redis.stop();
  });

  const asNode = (...words) => redis.cli(...as('zvon', 'node'), ...words);

  test('nodes find all they need', async () => {
    const [ann, bob] = await registerAll(cluster, 'ann', 'bob');
    const chatId = await chatOf(cluster, ann, bob);
    const [one, other] = [await connect(cluster, ann), await connect(cluster, bob)];
    for (const socket of [one, other]) assert.equal((await socket.ask('chat:join', { chatId })).status, 'ok');
    const heard = other.next('message');
    await one.ask('message', { chatId, content: 'over Redis' });
    assert.equal((await heard).content, 'over Redis');
    assert.equal((await post(cluster, '/auth/login', { body: { email: ann.email, password: 'wrong-password' } })).status, 401);
    one.close();
    other.close();
    // The nodes, their leases, presence, limits: kept there, and nothing was refused on the way.
    const keys = (pattern) => redis.cli(...as('operator'), 'KEYS', pattern);
    await until(() => keys('zvon:*') && keys('pres:*'), () => keys('*'));
    assert.equal(redis.cli(...as('operator'), 'ACL', 'LOG'), '');
  });

  for (const words of [
    ['CONFIG', 'GET', '*'],
    ['FLUSHALL'],
    ['SHUTDOWN', 'NOSAVE'],
    ['MONITOR'],
    ['DEBUG', 'SLEEP', '0'],
    ['KEYS', '*'],
    ['ACL', 'LIST'],
    ['CLIENT', 'LIST'],
    ['REPLICAOF', 'NO', 'ONE'],
    ['MODULE', 'LIST'],
    ['GET', 'somebody:else'],
    ['SET', 'somebody:else', '1'],
    ['PUBLISH', 'somebody:else', 'x'],
    ['EVAL', "return redis.call('CONFIG', 'GET', 'dir')", '0'],
    ['EVAL', "return redis.call('GET', 'somebody:else')", '0'],
  ]) {
    test(`S25 a node may not: ${words.join(' ')}`, () => {
      assert.match(asNode(...words), /NOPERM|No permissions|can't (?:run|access)|not allowed|permission/i);
    });
  }

  test('S25 nobody else publishes on its channels', () => {
    for (const verb of ['PUBLISH', 'SPUBLISH']) {
      assert.match(redis.cli(...as('watch'), verb, 'zvon:log:{0}', 'forged'), /NOPERM/);
      assert.match(redis.cli(verb, 'zvon:log:{0}', 'forged'), /NOAUTH|NOPERM/);
    }
  });
});
