// F2 a node that is frozen: for less than anybody notices, for longer than its lease, and (with LONG=1)
// for longer than clients wait. It comes back to a cluster that went on, and does no harm.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, get, registerAll, spread, startCluster, startHaproxy, until } from '../harness/index.mjs';
import { startTalk } from './talk.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const LONG = process.env.LONG ? [60] : [];
const env = { ZVON_SERVER__TRUSTED_PROXIES: '127.0.0.1', ZVON_PRESENCE__GRACE: '10s', ZVON_LOG__LEVEL: 'info' };

describe('a frozen node', () => {
  let cluster, balancer;
  before(async () => {
    cluster = await startCluster({ env });
    balancer = await startHaproxy(cluster.nodes.map(({ url }) => url));
  });
  after(async () => {
    await balancer?.stop();
    await cluster?.finish();
  });

  for (const seconds of [3, 12, ...LONG]) {
    test(`F2 for ${seconds} seconds`, async (t) => {
      const [ann, bob, eve, kim] = await registerAll(cluster, 'Ann', 'Bob', 'Eve', 'Kim');
      const [frozen, ...others] = cluster.nodes;
      // Where it is long, clients have somewhere else to go.
      const urls = seconds < 40 ? undefined : Array(6).fill(balancer.url);
      const talk = await startTalk(cluster, [ann, bob], urls);
      const back = [];
      let began = Date.now();
      for (const { io } of talk.sockets) io.on('connect', () => back.push(Date.now() - began));
      const watchers = await Promise.all(others.map(({ url }) => connect(cluster, kim, { url })));
      // Her only connection is there.
      const e = await connect(cluster, eve, { url: frozen.url });
      for (const watcher of watchers) await watcher.hear('users:update', ({ userId, isOnline }) => userId === eve.id && isOnline);
      talk.start(150);
      await wait(1000);

      began = Date.now();
      frozen.signal('SIGSTOP');
      try {
        await wait(seconds * 1000);
      } finally {
        frozen.signal('SIGCONT');
      }
      await until(async () => (await get(frozen, '/health/readiness')).status === 200, () => 'it is not ready', 5000);
      await wait(2000);
      await talk.finish(8000);
      t.diagnostic(`${talk.sent.length} messages, ${talk.failures.length} tries without an answer; heard after ${spread(talk.hearings)}`);
      // Whoever waits for a frozen node hears nothing definite, and tries again with the same key.
      assert.deepEqual(talk.failures.filter(({ status }) => status), []);
      if (seconds < 40) {
        for (const socket of [...talk.sockets, ...watchers, e]) assert.deepEqual(socket.disconnects, [], 'nobody was cut off');
        for (const watcher of watchers) {
          const heard = watcher.all('users:update').filter(({ userId }) => userId === eve.id);
          assert.deepEqual(heard.map(({ isOnline }) => isOnline), [true], 'nobody was seen to go');
        }
      } else {
        assert.ok(back.length > 0, 'somebody was on it');
        t.diagnostic(`its clients on another node after ${spread(back)}`);
        assert.ok(Math.max(...back) <= 40_000 + 8000, 'a client waits 40 s for a ping, and then 8 to come back');
      }
      // It has told its connections again, and tells when they end.
      const sees = (isOnline) => async () => {
        const lists = await Promise.all(watchers.map((watcher) => watcher.ask('users:list', {})));
        return lists.every(({ users }) => users.find(({ id }) => id === eve.id).isOnline === isOnline);
      };
      await until(async () => e.io.connected && (await sees(true)()), () => 'Eve is not seen', 10_000);
      e.close();
      await until(sees(false), () => 'Eve is seen', 13_000);
      talk.close();
      for (const watcher of watchers) watcher.close();
    });
  }
});
