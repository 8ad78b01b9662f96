// Presence: the grace, its order, its audience. Decision 0.1.2, F20, F21.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, registerAll, startServer, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const of = (person) => (data) => data.userId === person.id;

describe('presence', () => {
  let server;
  before(async () => (server = await startServer({ env: { ZVON_PRESENCE__GRACE: '1500ms' } })));
  after(() => server.finish());

  test('who comes back within the grace was never gone', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const watcher = await connect(server, ann);
    for (let n = 0; n < 3; n++) {
      const socket = await connect(server, bob);
      if (n === 0) await watcher.hear('users:update', of(bob));
      socket.drop();
      socket.close();
      await wait(700);
    }
    const last = await connect(server, bob);
    await wait(2200);
    await watcher.settle();
    assert.deepEqual(watcher.all('users:update').filter(of(bob)), [{ userId: bob.id, isOnline: true }]);
    last.close();
    await wait(1000);
    await watcher.settle();
    assert.equal(watcher.all('users:update').filter(of(bob)).length, 1, 'not before the grace is over');
    await watcher.hear('users:update', (data) => of(bob)(data) && !data.isOnline);
    watcher.close();
  });

  test('however people come back at the end of the grace, the last word on them is right', async () => {
    const busy = await startServer({ env: { ZVON_PRESENCE__GRACE: '100ms' } });
    const [ann, ...others] = await registerAll(busy, 'Ann', ...Array.from({ length: 12 }, (_, n) => `Flap ${n}`));
    const chatId = await chatOf(busy, ann, others[0]);
    const watcher = await connect(busy, ann);
    let writing = true;
    const writers = Array.from({ length: 8 }, async () => {
      while (writing) await watcher.ask('message', { chatId, content: 'x' });
    });
    const sockets = await Promise.all(
      others.map(async (person) => {
        // The grace's end is looked for twice a second: gaps around that meet it.
        for (let n = 0; n < 4; n++) {
          (await connect(busy, person)).close();
          await wait(100 + Math.random() * 550);
        }
        return connect(busy, person);
      }),
    );
    writing = false;
    await Promise.all(writers);
    await wait(1200);
    await watcher.settle();
    for (const person of others) {
      assert.equal(watcher.all('users:update').filter(of(person)).at(-1).isOnline, true, person.name);
    }
    for (const socket of [watcher, ...sockets]) socket.close();
    await busy.finish();
  });

  test('during the grace everything says online, afterwards offline with the time', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const watcher = await connect(server, ann);
    (await connect(server, bob)).close();
    await wait(200);
    const row = async () => (await watcher.ask('users:list', {})).users.find(({ id }) => id === bob.id);
    assert.equal((await row()).isOnline, true);
    const gone = await watcher.hear('user:status', (data) => of(bob)(data) && !data.isOnline);
    assert.equal((await row()).isOnline, false);
    const { presence } = await watcher.ask('user:get-presence', { userId: bob.id });
    assert.deepEqual([presence.status, new Date(presence.lastSeen).toISOString()], ['offline', gone.lastSeen]);
    const rest = (await get(server, '/api/users', { token: ann.token })).body.find(({ id }) => id === bob.id);
    assert.deepEqual(rest.status, { userId: bob.id, isOnline: false, lastSeen: gone.lastSeen });
    watcher.close();
  });

  test('a hundred connects and disconnects at once end in the right state', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const watcher = await connect(server, ann);
    const churn = Array.from({ length: 50 }, async () => {
      const socket = await connect(server, bob);
      await wait(Math.random() * 100);
      Math.random() < 0.5 ? socket.drop() : socket.close();
      socket.close();
    });
    await Promise.all(churn);
    await watcher.hear('users:update', (data) => of(bob)(data) && !data.isOnline);
    const changes = watcher.all('users:update').filter(of(bob)).map(({ isOnline }) => isOnline);
    assert.deepEqual(changes, [true, false]);
    watcher.close();
  });

  test('after a kill -9 nobody is a ghost (F21)', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const b = await connect(server, bob, { reconnection: false });
    await server.kill();
    await server.start();
    const a = await connect(server, ann);
    // What died is missed when its lease is over; alone, nothing outlives it.
    const row = async () => (await a.ask('users:list', {})).users.find(({ id }) => id === bob.id);
    if (server.nodes) await until(async () => !(await row()).isOnline, () => 'bob is a ghost', 20_000);
    assert.equal((await row()).isOnline, false);
    for (const socket of [a, b]) socket.close();
  });

  test('last seen outlives a restart', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const watcher = await connect(server, ann);
    (await connect(server, bob)).close();
    const gone = await watcher.hear('user:status', (data) => of(bob)(data) && !data.isOnline);
    watcher.close();
    assert.equal(await server.stop(), 0);
    await server.start();
    const row = (await get(server, '/api/users', { token: ann.token })).body.find(({ id }) => id === bob.id);
    assert.deepEqual(row.status, { userId: bob.id, isOnline: false, lastSeen: gone.lastSeen });
  });
});

describe('the audience of presence', () => {
  const audiences = [
    ['co-members', { ZVON_PRESENCE__AUDIENCE: 'co-members' }],
    ['auto, above everyone_max', { ZVON_PRESENCE__EVERYONE_MAX: '2' }],
  ];
  for (const [name, env] of audiences) {
    test(`S23 ${name}: those who share a chat hear of it, strangers do not`, async () => {
      const server = await startServer({ env });
      const [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
      await chatOf(server, ann, bob);
      const [a, e] = [await connect(server, ann), await connect(server, eve)];
      const b = await connect(server, bob);
      await a.hear('users:update', of(bob));
      assert.equal((await a.ask('user:get-presence', { userId: bob.id })).presence.status, 'online');
      assert.deepEqual((await a.ask('user:get-online')).users.sort(), [ann.id, bob.id].sort());
      b.close();
      await a.hear('users:update', (data) => of(bob)(data) && !data.isOnline);
      await e.settle();
      assert.deepEqual(e.all('users:update').filter(of(bob)), []);
      assert.deepEqual(e.all('user:status').filter(of(ann)), []);
      assert.equal((await e.ask('user:get-presence', { userId: ann.id })).presence, null);
      assert.deepEqual((await e.ask('user:get-online')).users, [eve.id]);
      const list = (await e.ask('users:list', {})).users;
      assert.ok(list.every(({ id, isOnline }) => id === eve.id || !isOnline), 'the list keeps it, too');
      const rows = (await get(server, '/api/users', { token: eve.token })).body;
      assert.ok(rows.every(({ id, status }) => id === eve.id || !status.isOnline), 'over REST as well');
      for (const socket of [a, e]) socket.close();
      await server.finish();
    });
  }
});
