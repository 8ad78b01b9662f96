// F1 with hundreds of official clients behind HAProxy, and the bounds of presence as they are without
// settings: a node is killed, its clients are on another, nobody who came back was missed, and who did
// not come back is offline in time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connect, describe, quantile, registerAll, spread, startCluster, startHaproxy, until,
} from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const CLIENTS = Number(process.env.CLIENTS ?? 300);
const PEOPLE = 30;
/** The defaults. */
const env = { ZVON_SERVER__TRUSTED_PROXIES: '127.0.0.1', ZVON_PRESENCE__GRACE: '10s', ZVON_LOG__LEVEL: 'info' };

describe('a node that is killed', () => {
  let cluster, balancer, front;
  before(async () => {
    cluster = await startCluster({ env });
    balancer = await startHaproxy(cluster.nodes.map(({ url }) => url));
    front = { url: balancer.url, secrets: cluster.secrets };
  });
  after(async () => {
    await balancer?.stop();
    await cluster?.finish();
  });

  const on = (n, person, options = {}) => connect(cluster, person, { url: cluster.nodes[n].url, ...options });
  /** What each of the watchers heard of a person: whether online, and when. */
  const told = (watchers, person) => watchers.map((watcher) => watcher.noted.filter(({ userId }) => userId === person.id));
  async function watch(person) {
    const watchers = [];
    for (const n of cluster.nodes.keys()) {
      const watcher = await on(n, person, { reconnectionDelay: 100, reconnectionDelayMax: 500 });
      watcher.noted = [];
      watcher.io.on('users:update', ({ userId, isOnline }) => watcher.noted.push({ userId, isOnline, at: Date.now() }));
      watchers.push(watcher);
    }
    return watchers;
  }

  test(`F1 ${CLIENTS} clients: 99 % of its own are on another within eight seconds, and nobody is missed`, async (t) => {
    const [kim, ...people] = await registerAll(front, 'Kim', ...Array.from({ length: PEOPLE }, (_, n) => `Person ${n}`));
    // On the nodes that stay.
    const watchers = (await watch(kim)).slice(1);
    const ways = [['websocket'], ['polling', 'websocket'], ['websocket']];
    const sockets = [];
    while (sockets.length < CLIENTS) {
      const some = Array.from({ length: 20 }, (_, n) => connect(front, people[(sockets.length + n) % PEOPLE], { transports: ways[n % 3] }));
      sockets.push(...(await Promise.all(some)));
    }
    await until(() => told(watchers, people.at(-1)).every((heard) => heard.length > 0), () => 'somebody is not seen', 5000);
    const back = [];
    let began;
    for (const socket of sockets) {
      socket.io.on('disconnect', () => (socket.left = true));
      socket.io.on('connect', () => socket.left && back.push(Date.now() - began));
    }
    began = Date.now();
    await cluster.nodes[0].kill();
    await until(() => sockets.every(({ io }) => io.connected) && back.length > 0, () => `${sockets.filter(({ io }) => !io.connected).length} are away`, 20_000);
    await wait(1000);
    await until(() => sockets.every(({ io }) => io.connected), () => 'some are away', 20_000);
    t.diagnostic(`on another node after ${spread(back)}`);
    assert.ok(back.length >= CLIENTS / 5, `${back.length} were on it`);
    assert.ok(quantile(back, 0.99) <= 8000, `${quantile(back, 0.99)} ms`);
    // Its lease has ended and its connections were reaped: nobody heard of any of it.
    await wait(Math.max(0, began + 20_000 - Date.now()));
    for (const person of people) {
      for (const heard of told(watchers, person)) assert.deepEqual(heard.map(({ isOnline }) => isOnline), [true]);
    }
    for (const watcher of watchers) {
      const { users } = await watcher.ask('users:list', {});
      for (const person of people) assert.ok(users.find(({ id }) => id === person.id).isOnline);
    }
    for (const socket of [...watchers, ...sockets]) socket.close();
    await cluster.nodes[0].start();
  });

  test('presence: seen within a second, gone within twelve, of a killed node within twenty', async (t) => {
    const [kim, ann, ...people] = await registerAll(front, 'Kim', 'Ann', ...Array.from({ length: 24 }, (_, n) => `Guest ${n}`));
    const watchers = await watch(kim);
    const coming = [];
    const guests = [];
    for (const [n, person] of people.entries()) {
      const began = Date.now();
      guests.push(await on(n % 3, person, { reconnection: false }));
      await until(() => told(watchers, person).every((heard) => heard.length === 1), () => `${person.name} is not seen`, 5000);
      coming.push(...told(watchers, person).map(([{ at }]) => at - began));
    }
    t.diagnostic(`online, on every node: ${spread(coming)}`);
    assert.ok(quantile(coming, 0.99) <= 1000, spread(coming));

    // Ann is on two nodes; one of her connections ends and comes back, again and again.
    const stays = await on(1, ann);
    const flapping = (async () => {
      for (let n = 0; n < 4; n++) {
        const other = await on(n % 2 === 0 ? 0 : 2, ann);
        await wait(500);
        other.close();
        await wait(3000);
      }
    })();
    const leaving = guests.filter((_, n) => n % 3 !== 1);
    const killed = people.filter((_, n) => n % 3 === 1);
    const began = Date.now();
    for (const guest of leaving) guest.close();
    const gone = (person) => told(watchers, person).every((heard) => heard.length === 2 && !heard[1].isOnline);
    const left = leaving.map(({ person }) => person);
    await until(() => left.every(gone), () => 'somebody who left is seen', 15_000);
    const going = left.flatMap((person) => told(watchers, person).map(([, { at }]) => at - began));
    t.diagnostic(`offline after leaving: ${spread(going)}`);
    assert.ok(Math.min(...going) >= 9900, 'not before the grace of ten seconds');
    assert.ok(Math.max(...going) <= 12_000, spread(going));
    await flapping;

    const remaining = [watchers[0], watchers[2]];
    stays.close();
    const last = await on(2, ann);
    const killing = Date.now();
    await cluster.nodes[1].kill();
    const ghosts = () => killed.filter((person) => !told(remaining, person).every((heard) => heard.length === 2));
    await until(() => ghosts().length === 0, () => `${ghosts().length} ghosts`, 25_000);
    const reaped = killed.flatMap((person) => told(remaining, person).map(([, { at }]) => at - killing));
    t.diagnostic(`offline after their node was killed: ${spread(reaped)}`);
    assert.ok(Math.min(...reaped) >= 10_000 && Math.max(...reaped) <= 20_000, spread(reaped));
    for (const watcher of remaining) {
      const { users } = await watcher.ask('users:list', {});
      for (const person of people) assert.equal(users.find(({ id }) => id === person.id).isOnline, false, 'a ghost');
    }
    for (const heard of told(remaining, ann)) assert.deepEqual(heard.map(({ isOnline }) => isOnline), [true], 'Ann was here all the time');
    await cluster.nodes[1].start();
    for (const socket of [...watchers, ...guests, last]) socket.close();
  });
});
