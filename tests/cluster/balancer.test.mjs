// P1: three nodes behind HAProxy and behind nginx, plain round robin. Whatever a client's transports
// are, no request of it hears `Session ID unknown`; a node that is killed costs its clients seconds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHaproxy, startNginx } from '../harness/balancers.mjs';
import { chatOf, connect, describe, registerAll, startCluster, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const WAYS = { polling: ['polling'], websocket: ['websocket'], upgrading: ['polling', 'websocket'] };
/** Proxies on this machine may say who the client is. */
const env = { ZVON_SERVER__TRUSTED_PROXIES: '127.0.0.1', ZVON_SOCKET__PING_INTERVAL: '1s', ZVON_SOCKET__PING_TIMEOUT: '3s' };

for (const [name, startBalancer] of [['HAProxy', startHaproxy], ['nginx', startNginx]]) {
  describe(`three nodes behind ${name}`, () => {
    let cluster, balancer, front, people, chatId;
    before(async () => {
      cluster = await startCluster({ env });
      balancer = await startBalancer(cluster.nodes.map(({ url }) => url));
      front = { url: balancer.url, secrets: cluster.secrets };
      people = await registerAll(front, 'Ann', 'Bob');
      chatId = await chatOf(front, ...people);
    });
    after(async () => {
      await balancer.stop();
      await cluster.finish();
    });

    for (const [way, transports] of Object.entries(WAYS)) {
      test(`${way}: twelve clients talk through many pings, and none loses its session`, async () => {
        const sockets = await Promise.all(Array.from({ length: 12 }, (_, n) => connect(front, people[n % 2], { transports })));
        const unknown = [];
        const settle = sockets.map(async (socket) => {
          socket.io.io.engine.on('close', (reason, why) => unknown.push([reason, why?.context?.responseText ?? String(why)]));
          await socket.ask('chat:join', { chatId });
          await socket.forget();
        });
        await Promise.all(settle);
        const sent = [];
        for (let round = 0; round < 8; round++) {
          const texts = sockets.map((socket, n) => socket.ask('message', { chatId, content: `${way} ${round} ${n}` }));
          sent.push(...(await Promise.all(texts)).map(({ id }) => id));
          await wait(500);
        }
        for (const socket of sockets) {
          await until(() => socket.all('message').length >= sent.length, () => `${socket.all('message').length} of ${sent.length}`);
          assert.deepEqual(socket.all('message').map(({ id }) => id).sort(), [...sent].sort());
          assert.deepEqual(socket.disconnects, []);
        }
        assert.deepEqual(unknown, []);
        if (way === 'upgrading') for (const socket of sockets) assert.equal(socket.io.io.engine.transport.name, 'websocket');
        for (const socket of sockets) socket.close();
      });
    }

    test('F1 a node that is killed: its clients are on another within eight seconds, and miss nothing', async () => {
      const hurry = { reconnectionDelay: 100, reconnectionDelayMax: 1000 };
      const ways = Object.values(WAYS);
      const sockets = await Promise.all(
        Array.from({ length: 12 }, (_, n) => connect(front, people[n % 2], { transports: ways[n % 3], ...hurry })),
      );
      await Promise.all(sockets.map((socket) => socket.ask('chat:join', { chatId })));
      await Promise.all(sockets.map((socket) => socket.forget()));
      const reconnected = new Map(sockets.map((socket) => [socket, 0]));
      const began = Date.now();
      for (const socket of sockets) socket.io.on('connect', () => reconnected.set(socket, Date.now() - began));
      await cluster.nodes[0].kill();
      const sent = [];
      for (let n = 0; n < 20; n++) {
        // What is not answered because its node died is sent again, with the same key.
        const message = { chatId, content: `after ${n}`, clientId: `killed-${name}-${n}` };
        let answer;
        while (!answer) {
          const writer = sockets.find(({ io, person }) => io.connected && person === people[n % 2]);
          answer = await writer?.ask('message', message).catch(() => null);
          if (!answer) await wait(50);
        }
        sent.push(answer.id);
        await wait(100);
      }
      await until(() => sockets.every(({ io }) => io.connected), () => 'some are away', 8000 - (Date.now() - began));
      for (const socket of sockets) {
        await until(() => sent.every((id) => socket.all('message').some((message) => message.id === id)), () => 'something is missing', 5000);
        const ids = socket.all('message').map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length, 'nothing twice');
      }
      const took = [...reconnected.values()].filter((millis) => millis > 0);
      assert.ok(took.length > 0, 'somebody was on it');
      assert.ok(Math.max(...took) <= 8000, `${took}`);
      await cluster.nodes[0].start();
      for (const socket of sockets) socket.close();
    });
  });
}
