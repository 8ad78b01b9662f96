// F3 a rolling restart under load: no send fails, nobody is seen to go, each client reconnects once
// for each node that it was on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHaproxy } from '../harness/balancers.mjs';
import { chatOf, connect, describe, get, registerAll, startCluster, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('a rolling restart', () => {
  let cluster, balancer, front;
  before(async () => {
    cluster = await startCluster({ env: { ZVON_SERVER__DRAIN: '2s', ZVON_PRESENCE__GRACE: '10s' } });
    balancer = await startHaproxy(cluster.nodes.map(({ url }) => url));
    front = { url: balancer.url, secrets: cluster.secrets };
  });
  after(async () => {
    await balancer.stop();
    await cluster.finish();
  });

  test('F3 of three nodes, one after the other, while people write', async () => {
    const names = Array.from({ length: 9 }, (_, n) => `Person ${n}`);
    const [watcher, ...people] = await registerAll(front, 'Watcher', ...names);
    const chats = [];
    for (let n = 0; n < people.length; n++) chats.push(await chatOf(front, people[n], people[(n + 1) % people.length]));
    const ways = [['websocket'], ['polling', 'websocket']];
    const hurry = { reconnectionDelay: 50, reconnectionDelayMax: 500, randomizationFactor: 0.5 };
    const sockets = await Promise.all(people.map((person, n) => connect(front, person, { transports: ways[n % 2], ...hurry })));
    const w = await connect(front, watcher, hurry);
    for (const person of people) await w.hear('users:update', ({ userId, isOnline }) => userId === person.id && isOnline).catch(() => {});
    for (const [n, socket] of sockets.entries()) await socket.ask('chat:join', { chatId: chats[n] });
    await wait(500);
    w.heard.length = 0;

    let writing = true;
    const failed = [];
    const sent = chats.map(() => []);
    // As our own client does: a send whose answer was lost is sent again with the same key.
    const writers = sockets.map(async (socket, n) => {
      for (let k = 0; writing; k++) {
        const message = { chatId: chats[n], content: `${n} ${k}`, clientId: `rolling-${n}-${k}` };
        let answer;
        for (let tries = 0; !answer?.id && tries < 20; tries++) {
          answer = await socket.io.timeout(1500).emitWithAck('message', message).catch((error) => ({ error }));
          if (answer.status === 'error') failed.push(answer);
        }
        if (answer?.id) sent[n].push(answer.id);
        else failed.push(answer);
        await wait(60);
      }
    });
    for (const node of cluster.nodes) {
      assert.equal(await node.stop(), 0);
      await node.start();
      await wait(3000);
    }
    writing = false;
    await Promise.all(writers);
    await until(() => sockets.every(({ io }) => io.connected), () => 'some are away');

    assert.deepEqual(failed, []);
    const flaps = w.all('users:update').filter(({ userId }) => people.some(({ id }) => id === userId));
    assert.deepEqual(flaps.filter(({ isOnline }) => !isOnline), [], 'nobody was seen to go');
    for (const [n, person] of people.entries()) {
      const history = (await get(front, `/chats/${chats[n]}/messages?limit=200`, { token: person.token })).body;
      const stored = history.map(({ id }) => id);
      assert.equal(new Set(stored).size, stored.length);
      for (const id of sent[n].slice(-150)) assert.ok(stored.includes(id), 'what was acked is stored');
      assert.ok(sent[n].length > 20, `${sent[n].length} were sent`);
    }
    for (const socket of sockets) assert.ok(socket.disconnects.length <= 3, `${socket.disconnects}`);
    for (const socket of [w, ...sockets]) socket.close();
  });
});
