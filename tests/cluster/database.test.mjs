// F10 PostgreSQL crashes under load: sends fail definitely and soon, nothing acknowledged is lost, and
// nodes go on by themselves. F14 a node that alone cannot reach it leaves the balancer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connect, describe, get, registerAll, spread, startCluster, startHaproxy, startProxy, until,
} from '../harness/index.mjs';
import { stored } from '../standin/screens.mjs';
import { startTalk } from './talk.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const ROUNDS = Number(process.env.ROUNDS ?? 3);

describe('a database that goes away', () => {
  let cluster, balancer, front, link;
  before(async () => {
    // The first node's way to it can be cut without anybody being told.
    const envOf = async (n, { postgres }) => {
      if (n > 0) return {};
      link = await startProxy(postgres.server);
      return { DATABASE_URL: postgres.url.replace(String(postgres.server.port), String(link.port)) };
    };
    cluster = await startCluster({ durable: true, envOf, env: { ZVON_SERVER__TRUSTED_PROXIES: '127.0.0.1' } });
    balancer = await startHaproxy(cluster.nodes.map(({ url }) => url));
    front = { url: balancer.url, secrets: cluster.secrets };
  });
  after(async () => {
    await balancer?.stop();
    await cluster?.finish();
  });

  const ready = async (node) => (await get(node, '/health/readiness').catch(() => ({}))).status === 200;
  const all = (nodes) => async () => (await Promise.all(nodes.map(ready))).every(Boolean);

  test(`F10 it crashes ${ROUNDS} times: sends fail within three seconds, and nothing acknowledged is lost`, async (t) => {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    const talk = await startTalk(cluster, [ann, bob]);
    talk.start(50);
    const recovered = [];
    for (let n = 0; n < ROUNDS; n++) {
      await wait(1500);
      await cluster.postgres.server.crash();
      await wait(n * 1500);
      await cluster.postgres.server.start();
      const began = Date.now();
      await until(all(cluster.nodes), () => 'a node is not ready', 10_000);
      const before = talk.sent.length;
      await until(() => talk.sent.length > before + 6, () => 'nobody can send', 10_000 - (Date.now() - began));
      recovered.push(Date.now() - began);
    }
    await talk.finish(8000);
    const took = talk.failures.map((failure) => failure.took);
    t.diagnostic(`${talk.sent.length} messages; ${took.length} failures after ${spread(took)}; sends again after ${recovered.join(', ')} ms`);
    assert.ok(took.length > 0, 'nobody noticed');
    for (const failure of talk.failures) assert.equal(failure.status, 'error', JSON.stringify(failure));
    // With a second for a machine that is busy.
    assert.ok(Math.max(...took) <= 4000, spread(took));
    const ids = (await stored(cluster, ann, talk.chatId)).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, 'none twice');
    assert.deepEqual(talk.sent.filter((id) => !ids.includes(id)), [], 'acknowledged and lost');
    assert.equal(ids.length, talk.sent.length);
    for (const socket of talk.sockets) assert.deepEqual(socket.disconnects, [], 'connections outlive it');
    talk.close();
  });

  test('F14 a node that is cut off from it leaves readiness within five seconds, and comes back', async (t) => {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    const talk = await startTalk(cluster, [ann, bob]);
    talk.start(100);
    await wait(1000);
    const [cut, ...others] = cluster.nodes;
    link.stall();
    const began = Date.now();
    await until(async () => !(await ready(cut)), () => 'it says that it is ready', 5000);
    const noticed = Date.now() - began;
    // The balancer asks once a second, and needs two answers.
    await wait(4000);
    assert.ok(await all(others)(), 'the others are ready');
    for (let n = 0; n < 9; n++) {
      assert.equal((await get(front, '/chats', { token: ann.token })).status, 200);
      const socket = await connect(front, ann, { reconnection: false });
      assert.equal((await socket.ask('chat:join', { chatId: talk.chatId })).status, 'ok');
      socket.close();
    }
    link.stall(false);
    const healed = Date.now();
    await until(all([cut]), () => 'it is not ready', 10_000);
    t.diagnostic(`not ready after ${noticed} ms, ready again ${Date.now() - healed} ms after the network`);
    await talk.finish(10_000);
    for (const failure of talk.failures) assert.equal(failure.status, 'error', JSON.stringify(failure));
    const ids = (await stored(cluster, ann, talk.chatId)).map(({ id }) => id);
    assert.deepEqual([...ids].sort(), [...talk.sent].sort(), 'all that was acknowledged, each once');
    talk.close();
  });
});
