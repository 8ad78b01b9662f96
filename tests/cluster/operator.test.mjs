// The operator's commands on a cluster, beyond the contract's scenarios, which run here as well: what
// they end reaches every node, a backup and its way back, the schema, the epoch, and the doctor.
import assert from 'node:assert/strict';
import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  chatOf, connect, describe, freePort, get, registerAll, signIn, startCluster, startRedis, until, zvon,
} from '../harness/index.mjs';
import { Sender } from '../kill/sender.mjs';
import { stored } from '../standin/screens.mjs';

/** Runs a command, which must succeed; what it said. */
async function done(cluster, args, options) {
  const { code, out, err } = await zvon(cluster, args, options);
  assert.equal(code, 0, `${out}${err}`);
  return out;
}

/** Another database of the same server; `{url, psql, drop}`. */
function anotherDatabase({ postgres: { server } }) {
  const name = `zvon_other_${Date.now()}`;
  server.psql('postgres', `CREATE DATABASE ${name}`);
  const drop = () => server.psql('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
  return { url: server.url(name), psql: (sql) => server.psql(name, sql), drop };
}

describe('an operator’s commands beside nodes', () => {
  let cluster, ann, bob;
  before(async () => {
    cluster = await startCluster();
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
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
      for (const node of cluster.nodes) {
        assert.equal((await get({ ...cluster, url: node.url }, '/auth/me', { token: phone.token })).status, 401);
      }
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

describe('a backup of a cluster', () => {
  let cluster, ann, bob, chatId;
  before(async () => {
    cluster = await startCluster({ env: { ZVON_LOG__LEVEL: 'info' } });
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    chatId = await chatOf(cluster, ann, bob);
  });
  after(() => cluster.finish());

  const epochOf = async (person) => {
    const socket = await connect(cluster, person);
    const { epoch } = await socket.ask('sync', {});
    socket.close();
    return epoch;
  };

  test('under load, restored, and served again', async () => {
    const to = join(cluster.data, 'cluster.dump');
    const senders = cluster.nodes.map(({ url }, n) => new Sender(url, ann, [chatId], `device ${n}`));
    const follower = await connect(cluster, bob, { reconnectionDelay: 20, reconnectionDelayMax: 50 });
    await follower.ask('chat:join', { chatId });
    const acked = () => senders.flatMap((sender) => sender.acked);
    while (acked().length < 100) await follower.next('message');
    const early = acked();
    const said = await done(cluster, ['backup', '--to', to]);
    assert.match(said, /cluster\.dump holds the database \(\d+ bytes\); keep cluster\.key and auth\.jwt_secret/);
    const meanwhile = acked().length;
    assert.ok(meanwhile > early.length, 'sends went on');
    while (acked().length < meanwhile + 20) await follower.next('message');
    await Promise.all(senders.map((sender) => sender.finish()));
    const late = acked().toSorted((a, b) => a.acks[0].seq - b.acks[0].seq).at(-1);
    assert.equal((await stat(to)).mode & 0o777, 0o600);
    assert.equal((await zvon(cluster, ['backup', '--to', to])).code, 1, 'nothing is written over');

    const over = await zvon(cluster, ['restore', '--from', to]);
    assert.equal(over.code, 1);
    assert.match(over.err, /the database is not empty/);

    const [id, oldEpoch] = [follower.id, await epochOf(ann)];
    const back = new Promise((resolve) => follower.io.once('disconnect', () => follower.io.once('connect', resolve)));
    assert.equal(await cluster.stop(), 0);
    const other = anotherDatabase(cluster);
    const restored = await done(cluster, ['restore', '--from', to], { env: { DATABASE_URL: other.url } });
    for (const node of cluster.nodes) node.env.DATABASE_URL = other.url;
    await cluster.start();

    await back;
    assert.equal(follower.io.recovered, false, 'its offset is of another log');
    assert.notEqual(follower.id, id);
    const epoch = await epochOf(ann);
    assert.notEqual(epoch, oldEpoch);
    assert.ok(restored.includes(epoch), restored);
    const all = await stored(cluster, bob, chatId);
    assert.deepEqual(all.map(({ seq }) => seq), all.map((_, n) => n + 2), 'dense');
    const byId = new Map(all.map((message) => [message.id, message]));
    for (const { acks: [ack], content } of early) assert.equal(byId.get(ack.id)?.content, content, 'acked before the backup');
    assert.ok(!byId.has(late.acks[0].id), 'what came after the backup is gone');

    // With the same key, what is sent again is known.
    const again = await connect(cluster, ann);
    const { content, clientId, acks } = early[0];
    assert.equal((await again.ask('message', { chatId, content, clientId })).id, acks[0].id);
    assert.equal((await again.ask('message', { chatId, content: 'after the restore' })).seq, all.at(-1).seq + 1);
    again.close();
    follower.close();

    // By other means: the epoch is renewed by hand, once nobody is there.
    assert.equal(await cluster.stop(), 0);
    const renewed = (await done(cluster, ['epoch', '--renew'])).trim();
    assert.notEqual(renewed, epoch);
    await cluster.start();
    assert.equal(await epochOf(ann), renewed);
    assert.equal(await cluster.stop(), 0);
    other.drop();
    for (const node of cluster.nodes) node.env.DATABASE_URL = cluster.postgres.url;
    await cluster.start();
  });
});

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

  test('keys, the internal port, and services without use', async () => {
    const key = 'the same key for both purposes, which is one too few';
    const found = await asked({ ZVON_CLUSTER__KEY: key, JWT_SECRET: key, KAFKA_BROKERS: 'kafka:9092' });
    assert.equal(found('cluster key')[0].status, 'fail');
    assert.ok(found('configuration').some(({ status, found }) => status === 'warn' && found.includes('KAFKA_BROKERS')));
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
