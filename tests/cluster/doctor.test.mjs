// `zvon doctor` of a cluster: what it looks at, and its exit code.
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { anotherDatabase, describe, done, freePort, startCluster, startRedis, zvon } from '../harness/index.mjs';

describe('the doctor of a cluster', () => {
  let cluster;
  before(async () => (cluster = await startCluster({ size: 1 })));
  after(() => cluster.finish());

  /** What it found, by name, with this changed; and its exit code. */
  async function asked(env = {}, more = []) {
    const { code, out } = await zvon(cluster, ['doctor', '--json', ...more], { env: { ZVON_SERVER__LISTEN: '127.0.0.1:0', ...env } });
    const { ok, checks } = JSON.parse(out);
    assert.equal(code, ok ? 0 : 1);
    return Object.assign((name) => checks.filter((check) => check.name === name), { ok, text: out });
  }

  test('finds a cluster that runs in order, and changes nothing', async () => {
    const found = await asked({ ZVON_SERVER__LISTEN: `127.0.0.1:${cluster.port}` });
    assert.ok(found.ok, found.text);
    for (const name of ['PostgreSQL', 'schema', 'connections', 'Redis', 'internal port', 'cluster key', 'token secret', 'port']) {
      assert.deepEqual(found(name).map(({ status }) => status), ['ok'], `${name}: ${found.text}`);
    }
    assert.deepEqual(found('clocks').map(({ status }) => status), ['ok', 'ok']);
    assert.match(found('nodes')[0].found, /^1 run/);
    assert.match(found('PostgreSQL')[0].found, /log epoch [0-9a-f]{16}/);
    assert.match(found('role')[0].found, /superuser/, 'as tests are, and nodes should not be');
    assert.equal(found('data directory').length, 0, 'a node has none');
    for (const secret of [cluster.env.ZVON_CLUSTER__KEY, cluster.env.JWT_SECRET]) assert.ok(!found.text.includes(secret));
  });

  test('a service that is away is a failure each, with what to do', async () => {
    const nowhere = await freePort();
    const found = await asked({
      DATABASE_URL: `postgres://somebody:secret-word@127.0.0.1:${nowhere}/zvon`,
      REDIS_URL: `redis://:secret-word@127.0.0.1:${nowhere}`,
    });
    assert.equal(found.ok, false);
    for (const name of ['PostgreSQL', 'Redis']) {
      assert.deepEqual(found(name).map(({ status }) => status), ['fail']);
      assert.ok(found(name)[0].advice);
    }
    assert.ok(!found.text.includes('secret-word'));
  });

  test('a schema that is missing, ahead, or beyond this program', async () => {
    const other = anotherDatabase(cluster);
    const env = { DATABASE_URL: other.url };
    const status = async (more = {}) => (await asked({ ...env, ...more }))('schema')[0].status;
    assert.equal(await status(), 'warn', 'a node makes it');
    assert.equal(await status({ ZVON_STORE__MIGRATE: 'false' }), 'fail', 'nobody makes it');
    await done(cluster, ['migrate'], { env });
    assert.equal(await status(), 'ok');
    other.psql("INSERT INTO schema_steps VALUES (999, 'of tomorrow', '', now())");
    assert.equal(await status(), 'warn');
    other.psql("INSERT INTO meta VALUES ('least_known', '999')");
    assert.equal(await status(), 'fail');
    other.drop();
  });

  test('a Redis that throws away, and one whose user may ask for nothing', async () => {
    const redis = await startRedis(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']);
    const found = await asked({ REDIS_URL: redis.url });
    assert.ok(found.ok, 'it will run');
    const [memory] = found("Redis' memory");
    assert.equal(memory.status, 'warn');
    assert.match(memory.found, /at most 64 MiB, allkeys-lru/);
    redis.cli('ACL', 'SETUSER', 'narrow', 'on', '>narrow', '~*', '&*', '-@all', '+hello', '+auth', '+ping', '+time', '+zrangebyscore');
    const narrow = await asked({ REDIS_URL: redis.url.replace('redis://', 'redis://narrow:narrow@') });
    assert.equal(narrow('Redis')[0].status, 'ok', narrow.text);
    assert.equal(narrow("Redis' memory")[0].status, 'warn');
    const wrong = await asked({ REDIS_URL: redis.url.replace('redis://', 'redis://narrow:wide@') });
    assert.equal(wrong('Redis')[0].status, 'fail');
    await redis.stop();
  });

  test('keys, the internal port, and a Kafka that is away', async () => {
    const key = 'the same key for both purposes, which is one too few';
    const found = await asked({ ZVON_CLUSTER__KEY: key, JWT_SECRET: key, KAFKA_BROKERS: '127.0.0.1:1' });
    assert.equal(found('cluster key')[0].status, 'fail');
    assert.equal(found('Kafka')[0].status, 'warn', 'events wait for it');
    assert.ok(!found.text.includes(key));
    const port = await freePort();
    const abroad = await asked({ ZVON_CLUSTER__INTERNAL_LISTEN: `192.0.2.7:${port}` });
    assert.equal(abroad('internal port')[0].status, 'fail', 'not an address of this machine');
    const open = { ZVON_CLUSTER__INTERNAL_LISTEN: `0.0.0.0:${port}`, ZVON_CLUSTER__INTERNAL_ADDRESS: `203.0.113.5:${port}` };
    assert.equal((await asked(open))('internal port')[0].status, 'warn', 'a public address');
    const file = join(cluster.data, 'with-a-secret.toml');
    await writeFile(file, `[store]\nurl = "${cluster.env.DATABASE_URL}"\n`);
    await chmod(file, 0o644);
    const readable = await zvon(cluster, ['doctor', '--config', file], { env: { DATABASE_URL: '' } });
    assert.match(readable.out, /warn secret file: .*with-a-secret\.toml holds a secret/);
  });
});
