// Connecting, presence, the list of users: scenarios 26 to 31, over both transports.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, isoTime, register, registerAll, startServer, TRANSPORTS } from '../harness/index.mjs';

const of = (person, isOnline) => (data) => data.userId === person.id && data.isOnline === isOnline;

for (const transports of TRANSPORTS) {
  describe(`connections over ${transports}`, () => {
    let server;
    before(async () => (server = await startServer()));
    after(() => server.finish());

    test('26 the first thing heard is connection:established {userId}', async () => {
      const ann = await register(server);
      const socket = await connect(server, ann, { transports });
      await socket.settle();
      assert.deepEqual(socket.heard[0].data, { userId: ann.id });
      const names = socket.heard.slice(0, 3).map(({ event }) => event);
      assert.deepEqual(names, ['connection:established', 'users:update', 'user:status']);
      socket.close();
    });

    test('27 two users at once connect and disconnect cleanly', async () => {
      const people = await registerAll(server, 'One', 'Two');
      const sockets = await Promise.all(people.map((person) => connect(server, person, { transports })));
      assert.notEqual(sockets[0].id, sockets[1].id);
      for (const socket of sockets) socket.close();
      const ends = sockets.map((socket) => socket.hear('disconnect'));
      assert.deepEqual(await Promise.all(ends), ['io client disconnect', 'io client disconnect']);
    });

    test('28, 29 others hear who comes and, after the grace, who goes', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const watcher = await connect(server, ann, { transports });
      const socket = await connect(server, bob, { transports });
      await watcher.hear('users:update', of(bob, true));
      const came = await watcher.hear('user:status', of(bob, true));
      assert.deepEqual(Object.keys(came).sort(), ['isOnline', 'lastSeen', 'userId']);
      assert.match(came.lastSeen, isoTime);
      socket.close();
      const gone = await watcher.hear('user:status', of(bob, false));
      assert.ok(gone.lastSeen >= came.lastSeen);
      await watcher.hear('users:update', of(bob, false));
      assert.equal(watcher.all('users:update').filter(({ userId }) => userId === bob.id).length, 2);
      watcher.close();
    });

    test('28 while a second socket is open nobody goes offline (F20)', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const watcher = await connect(server, ann, { transports });
      const first = await connect(server, bob, { transports });
      const second = await connect(server, bob, { transports });
      await watcher.hear('users:update', of(bob, true));
      // The second socket has its own copy; the others hear nothing of it.
      await second.hear('users:update', of(bob, true));
      first.close();
      // Somebody whose grace began later is announced: the earlier one's would have been, too.
      const eve = await register(server, 'Eve');
      (await connect(server, eve, { transports })).close();
      await watcher.hear('users:update', of(eve, false));
      assert.deepEqual(watcher.all('users:update').filter(({ userId }) => userId === bob.id), [{ userId: bob.id, isOnline: true }]);
      assert.equal(watcher.all('user:status').filter(({ userId }) => userId === bob.id).length, 1);
      second.close();
      await watcher.hear('users:update', of(bob, false));
      watcher.close();
    });

    test('31 users:list: everybody, with presence, to an ack', async () => {
      const [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
      const [a, b] = [await connect(server, ann, { transports }), await connect(server, bob, { transports })];
      const { users, ...rest } = await a.ask('users:list', {});
      assert.deepEqual(rest, {});
      const row = (person) => users.find(({ id }) => id === person.id);
      assert.deepEqual(row(ann), { id: ann.id, email: ann.email, name: 'Ann', isOnline: true });
      assert.equal(row(bob).isOnline, true);
      assert.equal(row(eve).isOnline, false);
      assert.doesNotMatch(JSON.stringify(users), /password|argon2/);
      for (const odd of [undefined, null, 'x', [1]]) {
        assert.equal((await a.ask('users:list', odd)).users.length, users.length);
      }
      assert.equal((await a.ask('users:list')).users.length, users.length);
      a.close();
      b.close();
    });

    test('users:list finds by a prefix of name or address, and is cut by a limit', async () => {
      const [zoe] = await registerAll(server, 'Zoe Zimmer', 'Zora');
      const socket = await connect(server, zoe, { transports });
      const names = async (want) => (await socket.ask('users:list', want)).users.map(({ name }) => name);
      assert.deepEqual(await names({ query: 'zo' }), ['Zoe Zimmer', 'Zora']);
      assert.deepEqual(await names({ query: 'ZOE' }), ['Zoe Zimmer']);
      assert.deepEqual(await names({ query: '%' }), []);
      assert.equal((await names({ limit: 2 })).length, 2);
      assert.ok((await names({ limit: 1 })).includes('Zoe Zimmer'), 'the caller comes first when the list is cut');
      socket.close();
    });

    test('user:get-online and user:get-presence', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const socket = await connect(server, ann, { transports });
      const online = await socket.ask('user:get-online');
      assert.equal(online.status, 'ok');
      assert.equal(online.count, online.users.length);
      assert.ok(online.users.includes(ann.id) && !online.users.includes(bob.id));
      const { status, presence } = await socket.ask('user:get-presence', { userId: ann.id });
      assert.deepEqual([status, presence.userId, presence.status, typeof presence.lastSeen], ['ok', ann.id, 'online', 'number']);
      assert.deepEqual(await socket.ask('user:get-presence', { userId: bob.id }), { status: 'ok', presence: null });
      socket.close();
    });
  });
}
