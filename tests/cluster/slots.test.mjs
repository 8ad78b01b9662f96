// F6 nodes on a Redis Cluster, with the rights of deploy/redis/acl.conf: a master is killed, its
// replica takes over, slots move, all goes on.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  call, chatOf, claimsOf, connect, describe, figure, get, register, registerAll, signIn, startCluster, startRedisCluster, until, zvon,
} from '../harness/index.mjs';

const FILE = join(fileURLToPath(new URL('../../deploy/redis', import.meta.url)), 'acl.conf');
const OPERATOR = ['--user', 'operator', '--pass', 'operator', '--no-auth-warning'];

describe('a Redis Cluster', () => {
  let redis, cluster, ann, bob, chatId, a, b;
  let sent = 0;
  before(async () => {
    redis = await startRedisCluster(['--include', FILE, '--masteruser', 'operator', '--masterauth', 'operator'], OPERATOR);
    const env = { REDIS_URL: redis.url.replace('://', '://zvon:node@'), ZVON_METRICS__LISTEN: '127.0.0.1:0', ZVON_LOG__LEVEL: 'info' };
    cluster = await startCluster({ env });
    ann = await register(cluster, 'Ann');
    a = await connect(cluster, ann, { url: cluster.nodes[0].url });
    await until(meets, () => 'no chat lies at the first master');
    for (const socket of [a, b]) await socket.ask('chat:join', { chatId });
  });
  after(async () => {
    await cluster?.finish();
    await redis?.stop();
  });

  /** Which of the channels that tell what is new in the logs is the chat's. */
  const partition = () => Number.parseInt(chatId.slice(-2), 16);

  /**
   * Ann and somebody at another node, in a chat whose room lies at the first master; and its news in a
   * slot without keys (those of presence have the tags below 32).
   */
  async function meets() {
    bob = await register(cluster, 'Bob');
    chatId = await chatOf(cluster, ann, bob);
    b?.close();
    b = await connect(cluster, bob, { url: cluster.nodes[1].url });
    await b.ask('chat:join', { chatId });
    const channels = () => redis.nodes.slice(0, 3).map((node) => redis.ask(node, 'PUBSUB', 'SHARDCHANNELS'));
    const found = () => channels().findIndex((names) => names.includes(chatId));
    await until(() => found() >= 0, () => 'the room has no channel');
    return found() === 0 && partition() >= 32;
  }

  const heard = () => b.all('message').filter((message) => message.chatId === chatId).map(({ content }) => Number(content));
  const say = () => a.ask('message', { chatId, content: `${sent++}` });

  async function allHeard(patience) {
    await until(() => heard().length >= sent, () => `${heard().length} of ${sent}`, patience);
    assert.deepEqual(heard(), [...heard().keys()], 'once, in order');
  }

  /** Waits until typing, which is in no log, crosses nodes. */
  async function typingCrosses(patience) {
    const crosses = async () => {
      a.tell('user:typing', { chatId, isTyping: true });
      return b.next('user:typing', () => true, 300).then(() => true, () => false);
    };
    await until(crosses, () => 'typing does not cross nodes', patience);
  }

  const isOnline = async (person) => (await a.ask('users:list', {})).users.find(({ id }) => id === person.id).isOnline;

  test('S1 messages, typing, presence and ends of sessions cross nodes; no right is missing', async () => {
    for (let n = 0; n < 10; n++) await say();
    await allHeard(4000);
    await typingCrosses(4000);
    assert.equal(await isOnline(bob), true);
    const phone = await signIn(cluster, ann);
    const far = await connect(cluster, phone, { url: cluster.nodes[2].url, reconnection: false });
    await call(cluster, 'DELETE', `/auth/sessions/${claimsOf(phone.token).sid}`, { token: ann.token });
    await until(() => far.disconnects.length > 0, () => 'its socket is open', 5000);
    const [eve] = await registerAll(cluster, 'Eve');
    const e = await connect(cluster, eve, { url: cluster.nodes[2].url });
    await a.hear('users:update', ({ userId, isOnline }) => userId === eve.id && isOnline, 5000);
    e.close();
    await a.hear('users:update', ({ userId, isOnline }) => userId === eve.id && !isOnline, 5000);
    for (const node of redis.nodes) assert.equal(redis.ask(node, 'ACL', 'LOG'), '');
    const { out } = await zvon(cluster, ['doctor', '--json'], { env: { ZVON_SERVER__LISTEN: '127.0.0.1:0' } });
    const found = JSON.parse(out).checks.filter(({ name }) => name.startsWith('Redis')).map(({ name, status }) => [name, status]);
    assert.deepEqual(found, [['Redis', 'ok'], ["Redis' memory", 'ok'], ["Redis' parts", 'warn']], out);
  });

  test('F6 slots move while people talk', async () => {
    let moving = true;
    const talk = (async () => {
      while (moving) await say();
    })();
    const [room] = redis.ask(redis.nodes[0], 'PUBSUB', 'SHARDCHANNELS').split('\n').filter((name) => name.includes(chatId));
    for (const [from, to] of [[0, 1], [1, 2], [2, 0]]) {
      redis.handOver(room, from, to);
      await typingCrosses(4000);
      assert.ok(redis.ask(redis.nodes[to], 'PUBSUB', 'SHARDCHANNELS').includes(room));
    }
    for (const to of [1, 2]) {
      await redis.agrees();
      redis.reshard(300, 0, to);
    }
    moving = false;
    await talk;
    await allHeard(4000);
    await typingCrosses(4000);
    assert.equal(await isOnline(bob), true);
  });

  test('F6 the news between nodes follow slots that move, and no event is missing', async (t) => {
    const listeners = (node, name) => Number(redis.ask(redis.nodes[node], 'PUBSUB', 'SHARDNUMSUB', name).split('\n')[1]);
    const owner = (name) => [0, 1, 2].find((node) => listeners(node, name) > 0);
    const readings = () => figure(cluster.nodes[1], 'zvon_gap_events_total');
    /** Whether a message is heard without a reading of the database. */
    const crosses = async () => {
      const before = await readings();
      await say();
      await allHeard(4000);
      return (await readings()) === before;
    };
    await until(crosses, () => 'news do not cross nodes');
    const took = { log: [], admitted: [] };
    for (let move = 0; move < 6; move++) {
      const name = move % 2 ? 'zvon:admitted' : `zvon:log:{${partition()}}`;
      const [from, everybody] = [owner(name), listeners(owner(name), name)];
      const to = (from + 1) % 3;
      const talk = Promise.all(Array.from({ length: 20 }, say));
      redis.handOver(name, from, to);
      const began = Date.now();
      await until(() => listeners(to, name) === everybody, () => `${name}: ${listeners(to, name)} of ${everybody}`, 4000);
      await until(crosses, () => `${name}: news do not cross nodes`, 4000 - (Date.now() - began));
      took[move % 2 ? 'admitted' : 'log'].push(Date.now() - began);
      await talk;
      const made = await a.ask('chat:create', { title: `Group ${move}`, participants: [bob.id] });
      await b.hear('chat:created', ({ chat }) => chat.id === made.chat.id, 4000);
    }
    t.diagnostic(`news cross nodes again after ${took.log.join(', ')} ms; of chats and sessions ${took.admitted.join(', ')} ms`);
    await allHeard(4000);
  });

  test('F6 a master is killed, its replica takes over', async () => {
    await redis.nodes[0].stop();
    const began = Date.now();
    while (!redis.ask(redis.nodes[3], 'ROLE').startsWith('master')) {
      await say();
      assert.ok(Date.now() - began < 20_000, 'the replica is none any more');
    }
    await allHeard(4000);
    await typingCrosses(4000);
    await until(async () => (await get(cluster, '/health')).body.details.redis.status === 'up', () => 'health', 3000);
    const dave = await register(cluster, 'Dave');
    const d = await connect(cluster, dave, { url: cluster.nodes[2].url });
    await a.hear('users:update', ({ userId, isOnline }) => userId === dave.id && isOnline, 8000);
    assert.equal(await isOnline(bob), true);
    assert.deepEqual([a.disconnects, b.disconnects], [[], []]);
    for (const socket of [a, b, d]) socket.close();
  });
});
