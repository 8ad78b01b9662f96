// Events, answers, binary and rooms, over each transport.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { ask, collect, heard, sleep, startEngine, transports } from './engine.mjs';

let engine;
before(async () => {
  engine = await startEngine();
});
afterEach(() => engine.leave());
after(() => engine.stop());

for (const [name, options] of transports) {
  describe(name, () => {
    test('a client joins and has an id that is not the session\'s', async () => {
      const client = await engine.joined('/', options);
      assert.match(client.id, /^[\w-]{20}$/);
      assert.notEqual(client.id, client.io.engine.id);
      assert.equal(client.recovered, false);
    });

    test('it ends up on the transport that was asked for', async () => {
      const client = await engine.joined('/', options);
      const last = options.transports.at(-1);
      if (client.io.engine.transport.name !== last) await heard(client.io.engine, 'upgrade');
      assert.equal(client.io.engine.transport.name, last);
      assert.equal(await ask(client, 'transport'), last);
    });

    test('events come back with all their arguments', async () => {
      const client = await engine.joined('/', options);
      const sent = [1, 'два', null, true, { a: [{ b: 'ж\u0000\u2028🙂' }] }, [], ''];
      client.emit('echo', ...sent);
      const args = await heard(client, 'echo');
      assert.deepEqual(args.slice(0, -1), sent);
      assert.equal(typeof args.at(-1), 'string', 'recovery adds an offset');
    });

    test('events stay in order, before, during and after the upgrade', async () => {
      const client = engine.client('/', options);
      const back = collect(client, 'echo');
      for (let number = 0; number < 500; number++) {
        client.emit('echo', number);
        if (number % 50 === 0) await sleep(5);
      }
      await ask(client, 'echo', 'last');
      assert.deepEqual(back.map(([number]) => number), Array.from({ length: 500 }, (_, n) => n));
    });

    test('answers come to whoever asked', async () => {
      const client = await engine.joined('/', options);
      const numbers = Array.from({ length: 50 }, (_, number) => number);
      const answers = await Promise.all(numbers.map((number) => ask(client, 'echo', number)));
      assert.deepEqual(answers, numbers);
    });

    test('the server asks and is answered', async () => {
      const client = await engine.joined('/', options);
      client.on('question', (number, answer) => answer(number + 1, Buffer.from([7])));
      client.emit('ask', 41);
      const [number, bytes] = await heard(client, 'answered');
      assert.equal(number, 42);
      assert.deepEqual(Buffer.from(bytes), Buffer.from([7]));
    });

    test('the server does not wait for ever', async () => {
      const client = await engine.joined('/', options);
      client.emit('ask', 'nobody listens');
      assert.equal((await heard(client, 'unanswered'))[0], 'Timeout');
    });

    test('an answer that does not come in time is an error', async () => {
      const client = await engine.joined('/', options);
      await assert.rejects(client.timeout(50).emitWithAck('slow', 400), /timed out/);
      assert.equal(await ask(client, 'echo', 'still here'), 'still here');
    });

    test('binary goes there and back, alone and within', async () => {
      const client = await engine.joined('/', options);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const back = await ask(client, 'echo', bytes);
      assert.deepEqual(Buffer.from(back), bytes);
      client.emit('echo', { deep: [{ file: bytes }] }, Buffer.alloc(0), 'text');
      const [within, empty, text] = await heard(client, 'echo');
      assert.deepEqual(Buffer.from(within.deep[0].file), bytes);
      assert.equal(empty.length, 0);
      assert.equal(text, 'text');
    });

    test('large payloads go there and back', async () => {
      const client = await engine.joined('/', options);
      const text = 'ж'.repeat(400_000);
      assert.equal(await ask(client, 'echo', text), text);
      const bytes = Buffer.alloc(600_000, 0xa5);
      assert.deepEqual(Buffer.from(await ask(client, 'echo', bytes)), bytes);
    });

    test('too large a payload ends the connection and no more', async () => {
      const client = await engine.joined('/', options);
      const parted = heard(client, 'disconnect');
      client.emit('echo', 'x'.repeat(1_100_000));
      const [reason] = await parted;
      assert.match(reason, /^transport (close|error)$/);
      await heard(client, 'connect');
      assert.equal(await ask(client, 'echo', 1), 1);
    });

    test('volatile events come to whoever listens', async () => {
      const client = await engine.joined('/', options);
      client.emit('volatile', 'now');
      assert.deepEqual(await heard(client, 'volatile'), ['now']);
    });

    test('a volatile event of a client that is not connected is dropped', async () => {
      const client = engine.client('/', { ...options, autoConnect: false });
      const back = collect(client, 'echo');
      client.volatile.emit('echo', 'dropped');
      client.connect();
      await heard(client, 'connect');
      await ask(client, 'echo', 'asked');
      assert.deepEqual(back, []);
    });

    test('rooms reach who is in them, and not who is excepted', async () => {
      const room = `room ${name}`;
      const [first, second, third] = await Promise.all(
        Array.from({ length: 3 }, () => engine.joined('/', options)),
      );
      const said = [first, second, third].map((client) => collect(client, 'room:said'));
      await ask(first, 'room:join', room);
      await ask(second, 'room:join', room);
      assert.equal(await ask(third, 'room:say', { room, text: 'one' }), 2);
      assert.equal(await ask(third, 'room:say', { room, except: first.id, text: 'two' }), 1);
      await ask(first, 'room:leave', room);
      assert.equal(await ask(third, 'room:say', { room, text: 'three' }), 1);
      await Promise.all([first, second, third].map((client) => ask(client, 'echo', 'flush')));
      const texts = said.map((events) => events.map(([text]) => text));
      assert.deepEqual(texts, [['one'], ['one', 'two', 'three'], []]);
    });
  });
}
