// Coming, going and coming back, over each transport.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { ask, collect, heard, sleep, startEngine, transports } from './engine.mjs';

let engine;
before(async () => {
  engine = await startEngine();
});
afterEach(() => engine.leave());
after(() => engine.stop());

for (const [name, options] of transports) {
  describe(name, () => {
    test('many namespaces share one connection', async () => {
      const main = await engine.joined('/', options);
      const others = Array.from({ length: 10 }, (_, number) => main.io.socket(`/n${number}`));
      await Promise.all(others.map((client) => heard(client, 'connect')));
      const answers = await Promise.all(others.map((client) => ask(client, 'where')));
      assert.deepEqual(answers.map(([path]) => path), others.map((_, number) => `/n${number}`));
      assert.deepEqual(answers.map(([, id]) => id), others.map((client) => client.id));
      assert.equal(new Set([main.id, ...others.map((client) => client.id)]).size, 11);
      assert.ok(others.every((client) => client.io === main.io));
      others[3].disconnect();
      assert.equal((await ask(others[4], 'where'))[0], '/n4');
      others.forEach((client) => client.disconnect());
    });

    test('an unknown namespace is refused', async () => {
      const client = engine.client('/nowhere', options);
      assert.equal((await heard(client, 'connect_error'))[0].message, 'Invalid namespace');
    });

    test('middleware refuses with data, and lets in who tries again', async () => {
      const client = engine.client('/admin', { ...options, auth: { token: 'wrong' } });
      const [error] = await heard(client, 'connect_error');
      assert.equal(error.message, 'who are you?');
      assert.deepEqual(error.data, { code: 401 });
      assert.equal(client.active, false);
      client.auth = { token: 'secret' };
      client.connect();
      await heard(client, 'connect');
      assert.equal((await ask(client, 'where'))[0], '/admin');
    });

    test('a client that leaves is told so and may come back', async () => {
      const client = await engine.joined('/', options);
      const id = client.id;
      const parted = heard(client, 'disconnect');
      client.disconnect();
      assert.equal((await parted)[0], 'io client disconnect');
      client.connect();
      await heard(client, 'connect');
      assert.notEqual(client.id, id);
    });

    test('what a client says before it leaves is heard', async () => {
      const listener = await engine.joined('/', options);
      const room = `farewell ${name}`;
      await ask(listener, 'room:join', room);
      const client = await engine.joined('/', options);
      const said = heard(listener, 'room:said');
      client.emit('room:say', { room, text: 'goodbye' });
      client.disconnect();
      assert.equal((await said)[0], 'goodbye');
    });

    test('a server\'s disconnect is final until the client comes again', async () => {
      const client = await engine.joined('/', options);
      client.emit('leave');
      assert.equal((await heard(client, 'disconnect'))[0], 'io server disconnect');
      assert.equal(client.active, false);
      client.connect();
      await heard(client, 'connect');
      assert.equal(await ask(client, 'echo', 1), 1);
    });

    test('a server\'s disconnect may close the connection too', async () => {
      const client = await engine.joined('/', options);
      const closed = heard(client.io.engine, 'close');
      client.emit('leave:close');
      assert.equal((await heard(client, 'disconnect'))[0], 'io server disconnect');
      await closed;
    });

    test('a client whose connection is closed comes back by itself', async () => {
      const client = await engine.joined('/', options);
      client.emit('close');
      assert.equal((await heard(client, 'disconnect'))[0], 'transport close');
      assert.equal(client.active, true);
      await heard(client, 'connect');
    });

    test('it recovers: same id, same rooms, and what it missed', async () => {
      const room = `recovery ${name}`;
      const client = await engine.joined('/', options);
      const speaker = await engine.joined('/', options);
      await ask(client, 'room:join', room);
      const said = collect(client, 'room:said');
      await ask(speaker, 'room:say', { room, text: 'before' });
      await ask(client, 'echo', 'flush');
      const id = client.id;
      client.io.reconnectionDelay(300);
      client.io.engine.close();
      await sleep(100);
      assert.equal(client.connected, false);
      for (const text of ['one', 'two', 'three']) await ask(speaker, 'room:say', { room, text });
      await heard(client, 'connect');
      assert.equal(client.recovered, true);
      assert.equal(client.id, id);
      await ask(speaker, 'room:say', { room, text: 'after' });
      await ask(client, 'echo', 'flush');
      assert.deepEqual(said.map(([text]) => text), ['before', 'one', 'two', 'three', 'after']);
    });

    test('who heard nothing yet comes back as somebody else', async () => {
      const client = await engine.joined('/', options);
      const id = client.id;
      client.io.engine.close();
      await heard(client, 'connect');
      assert.equal(client.recovered, false);
      assert.notEqual(client.id, id);
    });

    test('what is said while away is sent on coming back', async () => {
      const client = await engine.joined('/', options);
      client.io.engine.close();
      await sleep(1);
      assert.equal(await ask(client, 'echo', 'later'), 'later');
    });

    test('retries go on until they are answered', async () => {
      const client = await engine.joined('/', { ...options, retries: 5, ackTimeout: 100 });
      const answers = await Promise.all([
        client.emitWithAck('flaky', 'first'),
        client.emitWithAck('flaky', 'second'),
      ]);
      assert.deepEqual(answers, ['first', 'second']);
    });

    test('retries end', async () => {
      const client = await engine.joined('/', { ...options, retries: 1, ackTimeout: 50 });
      await assert.rejects(client.emitWithAck('nobody knows this'), /timed out/);
    });

    test('heartbeats keep an idle connection', async () => {
      const client = await engine.joined('/', options);
      let pings = 0;
      client.io.on('ping', () => pings++);
      await sleep(2600);
      assert.ok(pings >= 2, `${pings} pings`);
      assert.equal(client.connected, true);
    });
  });
}

test('a server that goes away is looked for, and then no more', async () => {
  const other = await startEngine();
  const client = io(other.url, { forceNew: true, reconnectionDelay: 20, reconnectionAttempts: 2 });
  await heard(client, 'connect');
  const parted = heard(client, 'disconnect');
  const gaveUp = heard(client.io, 'reconnect_failed');
  await other.stop();
  assert.match((await parted)[0], /^transport (close|error)$/);
  await gaveUp;
  client.close();
});
