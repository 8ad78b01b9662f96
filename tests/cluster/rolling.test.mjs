// F3 a rolling restart under load: no send and no request fails, nobody is seen to go, each client
// reconnects once for each node that it was on, and hears everything once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHaproxy } from '../harness/balancers.mjs';
import { chatOf, connect, describe, get, post, registerAll, spread, startCluster, until } from '../harness/index.mjs';
import { stored } from '../standin/screens.mjs';

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

  test('F3 of three nodes, one after the other, while people write', async (t) => {
    const names = Array.from({ length: 9 }, (_, n) => `Person ${n}`);
    const [watcher, ...people] = await registerAll(front, 'Watcher', ...names);
    const chats = [];
    for (let n = 0; n < people.length; n++) chats.push(await chatOf(front, people[n], people[(n + 1) % people.length]));
    const ways = [['websocket'], ['polling', 'websocket']];
    const hurry = { reconnectionDelay: 50, reconnectionDelayMax: 500, randomizationFactor: 0.5 };
    const sockets = await Promise.all(people.map((person, n) => connect(front, person, { transports: ways[n % 2], ...hurry })));
    const w = await connect(front, watcher, hurry);
    for (const [n, socket] of sockets.entries()) await socket.ask('chat:join', { chatId: chats[n] });
    const away = async () => {
      const { users } = await w.ask('users:list', {}).catch(() => w.ask('users:list', {}));
      return people.filter(({ id }) => !users.find((user) => user.id === id).isOnline);
    };
    await until(async () => (await away()).length === 0, () => 'somebody is not seen');
    await wait(500);
    for (const socket of [w, ...sockets]) socket.heard.length = 0;

    let writing = true;
    const [failed, acks] = [[], []];
    let again = 0;
    const sent = chats.map(() => []);
    // As our own client does: a send whose answer was lost is sent again with the same key.
    const writers = sockets.map(async (socket, n) => {
      for (let k = 0; writing; k++) {
        const message = { chatId: chats[n], content: `${n} ${k}`, clientId: `rolling-${n}-${k}` };
        const began = Date.now();
        let answer;
        for (let tries = 0; !answer?.id && tries < 20; tries++) {
          again += Number(tries > 0);
          answer = await socket.io.timeout(1500).emitWithAck('message', message).catch((error) => ({ error }));
          if (answer.status === 'error') failed.push(answer);
        }
        if (answer?.id) sent[n].push(answer.id) && acks.push(Date.now() - began);
        else failed.push(answer);
        await wait(60);
      }
    });
    // And whoever asks by REST meets no node that is not there.
    let requests = 0;
    const asking = (async () => {
      for (; writing; requests++) {
        const { status } = requests % 2 ? await get(front, '/chats', { token: people[0].token }) : await post(front, `/chats/${chats[0]}/messages`, { token: people[0].token, body: { content: `by REST ${requests}` } });
        if (status >= 300) failed.push({ status });
        await wait(40);
      }
    })();
    for (const node of cluster.nodes) {
      const before = sockets.map(({ disconnects }) => disconnects.length);
      assert.equal(await node.stop(), 0);
      await node.start();
      await wait(3000);
      for (const [n, { disconnects }] of sockets.entries()) assert.ok(disconnects.length <= before[n] + 1, `${disconnects}`);
      assert.deepEqual(await away(), [], 'somebody is missed');
    }
    writing = false;
    await Promise.all([...writers, asking]);
    await until(() => sockets.every(({ io }) => io.connected), () => 'some are away');

    assert.deepEqual(failed, []);
    const flaps = w.all('users:update').filter(({ userId }) => people.some(({ id }) => id === userId));
    assert.deepEqual(flaps.filter(({ isOnline }) => !isOnline), [], 'nobody was seen to go');
    for (const [n, person] of people.entries()) {
      const ids = (await stored(front, person, chats[n])).map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      assert.deepEqual(sent[n].filter((id) => !ids.includes(id)), [], 'what was acked is stored');
      assert.ok(sent[n].length > 20, `${sent[n].length} were sent`);
      const heard = () => sockets[n].all('message').map(({ id }) => id);
      await until(() => heard().length >= ids.length, () => `${heard().length} of ${ids.length} heard`);
      assert.deepEqual(heard(), ids, 'everything once, in order');
    }
    const total = sockets.reduce((sum, { disconnects }) => sum + disconnects.length, 0);
    t.diagnostic(`${acks.length} sends (${again} tried again) after ${spread(acks)}; ${requests} requests; ${total} reconnects of ${sockets.length} clients`);
    for (const socket of [w, ...sockets]) socket.close();
  });
});
