// Presence over several nodes: P4, the bounds of a node's death, flaps, a Redis that lost all.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, registerAll, startCluster, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const of = (person) => (data) => data.userId === person.id;

describe('presence across nodes', () => {
  let cluster;
  before(async () => (cluster = await startCluster({ env: { ZVON_PRESENCE__GRACE: '2s' } })));
  after(() => cluster.finish());

  const on = (node, person, options = {}) => connect(cluster, person, { url: cluster.nodes[node].url, ...options });
  const isOnline = async (watcher, person) => (await watcher.ask('users:list', {})).users.find(({ id }) => id === person.id).isOnline;

  test('P4 a user on two nodes is not offline while one connection lives', async () => {
    const [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    const watcher = await on(2, ann);
    const [one, two] = [await on(0, bob), await on(1, bob)];
    await watcher.hear('users:update', (data) => of(bob)(data) && data.isOnline, 1500);
    for (let n = 0; n < 3; n++) {
      one.drop();
      one.close();
      await wait(2500);
      assert.equal(await isOnline(watcher, bob), true);
    }
    assert.deepEqual(watcher.all('users:update').filter(of(bob)).map(({ isOnline }) => isOnline), [true]);
    const began = Date.now();
    two.close();
    await watcher.hear('users:update', (data) => of(bob)(data) && !data.isOnline);
    const took = Date.now() - began;
    assert.ok(took >= 1900 && took <= 4000, `offline after ${took} ms of a grace of 2000`);
    assert.equal(await isOnline(watcher, bob), false);
    watcher.close();
  });

  test('F1 a node that is killed: who comes back is not missed, who does not is in time', async () => {
    const [ann, bob, eve] = await registerAll(cluster, 'Ann', 'Bob', 'Eve');
    const watcher = await on(0, ann);
    const b = await on(1, bob, { reconnection: false });
    const e = await on(1, eve, { reconnection: false });
    for (const person of [bob, eve]) await watcher.hear('users:update', of(person));
    await cluster.nodes[1].kill();
    const began = Date.now();
    const back = await on(2, bob);
    await watcher.hear('users:update', (data) => of(eve)(data) && !data.isOnline, 20_000);
    assert.ok(Date.now() - began <= 12_000, `${Date.now() - began} ms: lease 7 s, grace 2 s, and a second each`);
    assert.deepEqual(watcher.all('users:update').filter(of(bob)).map(({ isOnline }) => isOnline), [true], 'no flap');
    assert.equal(await isOnline(watcher, bob), true);
    await cluster.nodes[1].start();
    for (const socket of [b, e, back, watcher]) socket.close();
  });

  test('F5 a Redis that lost everything knows everybody again', async () => {
    const [ann, bob, eve] = await registerAll(cluster, 'Ann', 'Bob', 'Eve');
    const watcher = await on(0, ann);
    const [b, e] = [await on(1, bob), await on(2, eve)];
    for (const person of [bob, eve]) await watcher.hear('users:update', of(person));
    await cluster.redis.stop();
    await wait(500);
    await cluster.redis.start();
    await until(async () => (await isOnline(watcher, bob)) && (await isOnline(watcher, eve)), () => 'not yet', 10_000);
    // And nobody heard of it.
    for (const person of [bob, eve]) {
      assert.deepEqual(watcher.all('users:update').filter(of(person)).map(({ isOnline }) => isOnline), [true]);
    }
    e.close();
    await watcher.hear('users:update', (data) => of(eve)(data) && !data.isOnline, 12_000);
    assert.equal(await isOnline(watcher, bob), true);
    for (const socket of [b, watcher]) socket.close();
  });
});
