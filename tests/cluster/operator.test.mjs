// The operator's commands on a cluster, beyond the contract's scenarios, which run here as well: what
// they end reaches every node; the epoch; the schema; what they say when something is not there.
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  anotherDatabase, connect, describe, done, freePort, get, registerAll, signIn, startCluster, until, zvon,
} from '../harness/index.mjs';

describe('an operator’s commands beside nodes', () => {
  let cluster, ann;
  before(async () => {
    cluster = await startCluster();
    [ann] = await registerAll(cluster, 'Ann');
  });
  after(() => cluster.finish());

  test('S6 what they end closes its sockets on every node within a second, with Redis and without', async () => {
    for (const redis of [true, false]) {
      if (!redis) await cluster.redis.stop();
      const phone = await signIn(cluster, ann);
      const sockets = [];
      for (const { url } of cluster.nodes) sockets.push(await connect(cluster, phone, { url, reconnection: false }));
      await done(cluster, ['users', 'revoke-sessions', ann.email]);
      const began = Date.now();
      const refused = async ({ url }) =>
        (await get({ ...cluster, url }, '/auth/me', { token: phone.token })).status === 401;
      await until(
        async () => (await Promise.all(cluster.nodes.map(refused))).every(Boolean), () => 'somebody is let in', 3000,
      );
      await until(() => sockets.every(({ disconnects }) => disconnects.length > 0), () => 'sockets are open', 3000);
      const took = Date.now() - began;
      assert.ok(took <= 1000, `${took} ms`);
      for (const socket of sockets) assert.deepEqual(socket.all('session:revoked'), [{ reason: 'operator' }]);
      if (!redis) await cluster.redis.start();
    }
  });

  test('an epoch is told, and not renewed under nodes that run', async () => {
    const epoch = (await done(cluster, ['epoch'])).trim();
    assert.match(epoch, /^[0-9a-f]{16}$/);
    const { code, err } = await zvon(cluster, ['epoch', '--renew']);
    assert.equal(code, 1);
    assert.match(err, /stop them all first/);
    assert.equal((await done(cluster, ['epoch'])).trim(), epoch);
  });

  test('a database that is away is one line and code 1, without its password', async () => {
    const away = `postgres://somebody:secret-word@127.0.0.1:${await freePort()}/nothing`;
    for (const args of [['users', 'list'], ['migrate', '--check'], ['backup', '--to', join(cluster.data, 'never')]]) {
      const { code, out, err } = await zvon(cluster, args, { env: { DATABASE_URL: away } });
      assert.deepEqual([code, out, err.trim().split('\n').length], [1, '', 1], err);
      assert.match(err, /^zvon: PostgreSQL cannot be used: .*refused/);
      assert.ok(!err.includes('secret-word'), err);
    }
    assert.ok(!(await readdir(cluster.data)).some((name) => name.includes('never')), 'nothing is left');
  });

  test('a backup needs its programs and the database itself, and says so', async () => {
    const to = join(cluster.data, 'b');
    const without = await zvon(cluster, ['backup', '--to', to], { env: { PATH: '/nowhere' } });
    assert.equal(without.code, 1);
    assert.match(without.err, /there is no pg_dump on the PATH/);
    const pooled = await zvon(cluster, ['backup', '--to', to], { env: { ZVON_STORE__POOLED: 'true' } });
    assert.equal(pooled.code, 1);
    assert.match(pooled.err, /not a pooler/);
    await assert.rejects(stat(to), { code: 'ENOENT' });
  });

  test('migrations: told, written, made, by several at once', async () => {
    const other = anotherDatabase(cluster);
    const env = { DATABASE_URL: other.url };
    const first = await zvon(cluster, ['migrate', '--check'], { env });
    assert.equal(first.code, 1);
    assert.match(first.out, /there is no schema yet/);
    assert.match(await done(cluster, ['migrate', '--print'], { env }), /^-- 1: log\n[\s\S]*CREATE TABLE meta/);
    assert.equal(other.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), '0');
    const all = await Promise.all([1, 2, 3].map(() => done(cluster, ['migrate'], { env })));
    assert.equal(all.filter((out) => out.includes('applied 1: log')).length, 1, 'one of them did it');
    assert.match(await done(cluster, ['migrate', '--check'], { env }), /as this program's/);
    assert.equal(await done(cluster, ['migrate', '--print'], { env }), '');
    other.drop();
  });
});
