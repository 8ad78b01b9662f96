// The engine and the official server as nodes of one cluster, each speaking to the other's clients.
import assert from 'node:assert/strict';
import { afterEach, before, test } from 'node:test';
import { describe } from '../harness/ends.mjs';
import { anything, chance } from '../harness/random.mjs';
import { startRedis } from '../harness/services.mjs';
import { until } from '../harness/until.mjs';
import { ask, collect, heard } from './engine.mjs';
import { startJs, startRust } from './nodes.mjs';

const clusters = [
  ['dynamic', 'redis'],
  ['dynamic', 'ioredis'],
  ['static', 'redis'],
  ['dynamic-private', 'ioredis'],
];

for (const [mode, library] of clusters) {
  for (const direction of ['rust to js', 'js to rust']) {
    describe(`${mode}, ${library}, ${direction}`, () => {
      let here;
      let there;
      before(async () => {
        const redis = await startRedis();
        const nodes = [await startRust(redis, mode), await startJs(redis, mode, library)];
        [here, there] = direction === 'rust to js' ? nodes : nodes.reverse();
      });
      afterEach(() => {
        here.leave();
        there.leave();
      });
      exchange(() => [here, there]);
      requests(() => [here, there], direction);
    });
  }
}

/** JSON's form of a buffer is one again; there is no zero below zero. */
function revive(_, value) {
  return value?.type === 'Buffer' ? Buffer.from(value.data) : value;
}

/** What is sent one way. */
function exchange(nodes) {
  test('a broadcast arrives everywhere once, with all its arguments', async () => {
    const [one, other] = await Promise.all(nodes().map((node) => node.client()));
    const all = [collect(one, 'e'), collect(other, 'e')];
    const sent = [1, -1, 1.5, 2 ** 33, 'два\u2028🙂', null, true, { b: [{ a: [] }], a: '' }];
    await ask(one, 'emit', {}, 'e', ...sent);
    await ask(one, 'emit', {}, 'end');
    await Promise.all([one, other].map((client, n) => all[n].length || heard(client, 'e')));
    assert.deepEqual(all, [[sent], [sent]]);
  });

  test('rooms and exceptions are heeded, each socket hears once', async () => {
    const [here, there] = nodes();
    const one = await here.client();
    const [red, both, none] = [
      await there.client('/', ['red']),
      await there.client('/', ['red', 'blue']),
      await there.client(),
    ];
    const said = [red, both, none].map((client) => collect(client, 'e'));
    const ends = [red, both, none].map((client) => heard(client, 'end'));
    await ask(one, 'emit', { rooms: ['red'] }, 'e', 1);
    await ask(one, 'emit', { rooms: ['red', 'blue'] }, 'e', 2);
    await ask(one, 'emit', { rooms: ['red'], except: ['blue'] }, 'e', 3);
    await ask(one, 'emit', { except: [red.id, 'nobody'] }, 'e', 4);
    await ask(one, 'emit', { rooms: [none.id] }, 'e', 5);
    await ask(one, 'emit', {}, 'end');
    await Promise.all(ends);
    const numbers = said.map((all) => all.map(([number]) => number));
    assert.deepEqual(numbers, [[1, 2, 3], [1, 2, 4], [4, 5]]);
  });

  test('what may be dropped arrives when it is not', async () => {
    const [here, there] = nodes();
    const [one, other] = [await here.client(), await there.client('/', ['red'])];
    const all = collect(other, 'e');
    await until(async () => {
      await ask(one, 'emit', { rooms: ['red'], volatile: true }, 'e', 1);
      return all.length > 0;
    }, () => 'none of many arrives');
  });

  test('binary arrives as it was, alone and within', async () => {
    const [here, there] = nodes();
    const [one, other] = [await here.client(), await there.client('/', ['red'])];
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, byte) => byte % 256));
    const sent = [bytes, { deep: [{ in: Buffer.alloc(0) }, 0.1, 'ж', null] }, -3];
    const came = heard(other, 'files');
    await ask(one, 'emit', { rooms: ['red'] }, 'files', ...sent);
    assert.deepEqual(await came, sent);
  });

  test('anything arrives as it was', async () => {
    const [here, there] = nodes();
    const [one, other] = [await here.client(), await there.client()];
    const next = chance(7);
    for (let number = 0; number < 200; number++) {
      const sent = [number, anything(next), anything(next)];
      const came = heard(other, 'any');
      one.emit('emit', {}, 'any', ...sent, () => {});
      assert.deepEqual(await came, JSON.parse(JSON.stringify(sent), revive), `number ${number}`);
    }
  });

  test('namespaces are apart', async () => {
    const [here, there] = nodes();
    const one = await here.client('/chat');
    const [main, chat] = [await there.client('/'), await there.client('/chat')];
    const wrong = collect(main, 'e');
    const came = heard(chat, 'e');
    await ask(one, 'emit', {}, 'e', 1);
    await came;
    const end = heard(main, 'end');
    await ask(await here.client('/'), 'emit', {}, 'end');
    await end;
    assert.deepEqual(wrong, []);
  });

  test('sockets join, leave and are disconnected', async () => {
    const [here, there] = nodes();
    const [one, other] = [await here.client(), await there.client('/', ['red'])];
    const rooms = async () => (await ask(other, 'fetch', { rooms: [other.id] }))[0].rooms;
    await ask(one, 'sockets:join', { rooms: ['red'], room: 'blue' });
    await until(async () => (await rooms()).includes('blue'), () => 'it joins');
    const came = heard(other, 'e');
    let said = false;
    other.once('e', () => (said = true));
    await until(async () => {
      await ask(one, 'emit', { rooms: ['blue'] }, 'e');
      return said;
    }, () => 'the room is subscribed');
    await came;
    await ask(one, 'sockets:leave', { rooms: ['blue'], room: 'red' });
    await until(async () => !(await rooms()).includes('red'), () => 'it leaves');
    const left = heard(other, 'disconnect');
    await ask(one, 'sockets:disconnect', { rooms: ['blue'], close: false });
    assert.deepEqual((await left)[0], 'io server disconnect');
    assert.equal(one.connected, true);
  });

  test('connections are closed', async () => {
    const [here, there] = nodes();
    const [one, other] = [await here.client(), await there.client('/', ['red'])];
    const closed = heard(other.io.engine, 'close');
    await ask(one, 'sockets:disconnect', { rooms: ['red'], close: true });
    await closed;
  });
}

/** What is asked, and answered by the other. */
function requests(nodes, direction) {
  test('clients everywhere answer, with binary too', async () => {
    const [here, there] = nodes();
    const clients = [await here.client('/', ['red']), await there.client('/', ['red'])];
    clients[0].on('q', (number, answer) => answer(number + 1));
    clients[1].on('q', (_, answer) => answer(Buffer.from([9, 8])));
    const [one] = clients;
    const whom = { rooms: ['red'], timeout: 2000 };
    const answers = await ask(one, 'ask', whom, 'q', 41);
    assert.deepEqual(answers.sort(), [42, [9, 8]]);
    const file = await ask(one, 'ask', whom, 'q', Buffer.from([1]));
    assert.equal(file.length, 2);
    assert.deepEqual(await ask(one, 'ask', { rooms: ['nobody'], timeout: 2000 }, 'q', 1), []);
  });

  test('the sockets of all nodes are counted', async () => {
    const [here, there] = nodes();
    const mine = [await here.client(), await here.client('/', ['red'])];
    const theirs = [await there.client(), await there.client('/', ['red', 'blue'])];
    const ids = (sockets) => sockets.map(({ id }) => id).sort();
    const [one] = mine;
    assert.deepEqual(ids(await ask(one, 'fetch', {})), ids([...mine, ...theirs]));
    const red = await ask(one, 'fetch', { rooms: ['red'] });
    assert.deepEqual(ids(red), ids([mine[1], theirs[1]]));
    const far = red.find(({ id }) => id === theirs[1].id);
    assert.ok(['red', 'blue', far.id].every((room) => far.rooms.includes(room)));
    assert.deepEqual(far.data, { node: direction === 'rust to js' ? 'js' : 'rust' });
    assert.deepEqual(await ask(one, 'fetch', { rooms: ['nobody'] }), []);
  });

  test('servers speak and answer', async () => {
    const [here, there] = nodes();
    const [one, other] = [await here.client(), await there.client()];
    const said = heard(other, 'server:ping');
    await ask(one, 'server', {}, 'ping', 'a', { b: [1] }, Buffer.from([7]));
    assert.deepEqual(await said, ['a', { b: [1] }, Buffer.from([7])]);
    assert.deepEqual(await ask(one, 'server:ask', { timeout: 2000 }, 'ask', { a: 1 }), [{ a: 1 }]);
  });
}
