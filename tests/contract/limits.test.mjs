// Limits: decision 0.1.8 and scenario 17.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, post, register, registerAll, startServer } from '../harness/index.mjs';

const LIMITED = 'Rate limit exceeded';
/** The limits of the mission: the server's own defaults. */
const env = {
  ZVON_LIMITS__MESSAGES_PER_MINUTE: '10',
  ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE: '100',
  ZVON_LIMITS__PINS_PER_MINUTE: '5',
  ZVON_LIMITS__FORWARDS_PER_MINUTE: '3',
  ZVON_LIMITS__SIGN_IN_PER_MINUTE: '10',
  ZVON_LIMITS__SIGN_UP_PER_MINUTE: '40',
};

/** A refusal of a limit, and the exception that goes with it. */
function isRefusal(ack) {
  assert.deepEqual([ack.status, ack.message, ack.code], ['error', LIMITED, 'RATE_LIMITED']);
  assert.ok(Number.isInteger(ack.retryAfterMs) && ack.retryAfterMs > 0 && ack.retryAfterMs <= 60_000);
}

describe('limits', () => {
  let server;
  const sockets = [];
  before(async () => (server = await startServer({ env })));
  after(async () => {
    for (const socket of sockets) socket.close();
    await server.finish();
  });

  async function pair() {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const chatId = await chatOf(server, ann, bob);
    const [a, b] = [await connect(server, ann), await connect(server, bob)];
    sockets.push(a, b);
    return { ann, bob, a, b, chatId };
  }
  const times = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));

  test('10 messages a minute and user, over all of their sockets and REST', async () => {
    const { ann, a, b, chatId } = await pair();
    const tab = await connect(server, ann);
    sockets.push(tab);
    const acks = await times(10, (n) => (n % 2 ? a : tab).ask('message', { chatId, content: `${n}` }));
    assert.ok(acks.every(({ id }) => id));
    const refused = await tab.ask('message', { chatId, content: 'eleven' });
    isRefusal(refused);
    assert.equal(refused.error.message, LIMITED);
    const { error } = await tab.hear('exception');
    assert.equal(error.status, 429);
    assert.equal(error.message.message, LIMITED);
    assert.ok(error.message.retryAfterMs > 0);
    const rest = await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content: 'twelve' } });
    assert.deepEqual([rest.status, rest.body.statusCode, rest.body.message], [429, 429, 'Too Many Requests']);
    assert.ok(!('error' in rest.body));
    const wait = Number(rest.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 60, rest.headers['retry-after']);
    assert.ok(rest.body.retryAfterMs > 0);
    assert.equal((await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body.length, 10);
    assert.ok((await b.ask('message', { chatId, content: 'mine are my own' })).id);
    assert.deepEqual(tab.disconnects, []);
  });

  test('5 pins and unpins, 3 forwards', async () => {
    const { a, chatId } = await pair();
    const { id } = await a.ask('message', { chatId, content: 'pin' });
    for (let n = 0; n < 5; n++) {
      const event = n % 2 ? 'message:unpin' : 'message:pin';
      assert.equal((await a.ask(event, { messageId: id })).status, 'ok');
    }
    isRefusal(await a.ask('message:unpin', { messageId: id }));
    for (let n = 0; n < 3; n++) {
      assert.equal((await a.ask('message:forward', { messageId: id, toChatId: chatId })).status, 'ok');
    }
    isRefusal(await a.ask('message:forward', { messageId: id, toChatId: chatId }));
    isRefusal(await a.ask('message:forward-multiple', { messageIds: [id], toChatId: chatId }));
  });

  test('100 events: then every command is refused with how long to wait, in its own shape, too', async () => {
    const { bob, a, chatId } = await pair();
    const acks = await times(100, () => a.ask('users:list', {}));
    assert.ok(acks.every(({ users }) => users.length > 0));
    const users = await a.ask('users:list', {});
    isRefusal(users);
    assert.deepEqual(users.users, [], 'the front end needs an array');
    const left = await a.ask('chat:leave', { chatId });
    isRefusal(left);
    assert.equal(left.success, false);
    for (const [event, payload] of [
      ['chat:get', { recipientId: bob.id }],
      ['chat:join', { chatId }],
      ['chat:get-pinned', { chatId }],
      ['message', { chatId, content: 'x' }],
      ['user:get-online'],
      ['chat:create', { title: 'x', participants: [] }],
    ]) {
      isRefusal(await a.ask(event, ...(payload ? [payload] : [])));
    }
    assert.deepEqual(a.disconnects, []);
  });

  test('not counted among them: statuses, cursors, sync, typing', async () => {
    const { a, b, chatId } = await pair();
    const { id } = await a.ask('message', { chatId, content: 'count me' });
    await times(60, () => b.ask('message:status', { messageId: id, status: 'DELIVERED' }));
    await times(60, () => b.ask('message:delivered', { messageId: id }));
    await times(60, () => b.ask('message:read', { messageId: id }));
    await times(60, () => b.ask('user:typing', { chatId, isTyping: true }));
    await times(40, () => b.ask('sync', { cursors: {} }));
    assert.deepEqual(b.all('exception'), []);
    assert.ok((await b.ask('users:list', {})).users.length > 0);
  });

  test('the coarse limits of those: refused, not disconnected', async () => {
    const { b, chatId } = await pair();
    const acks = await times(400, () => b.ask('user:typing', { chatId, isTyping: true }));
    assert.equal(acks.filter(({ status }) => status === 'ok').length, 300);
    isRefusal(acks.find(({ status }) => status === 'error'));
    assert.deepEqual(b.disconnects, []);
    assert.ok((await b.ask('users:list', {})).users.length > 0);
  });

  test('what cannot be read is counted like what can, and unknown events, too', async () => {
    const { a, b } = await pair();
    const acks = await times(1250, () => b.ask('message:status', { nonsense: true }));
    assert.ok(acks.every(({ status }) => status === 'error'));
    assert.equal(acks.filter(({ message }) => message === 'Rate limit exceeded').length, 50);
    await times(100, () => a.tell('no:such:event', {}));
    isRefusal(await a.ask('chat:get-pinned', { chatId: crypto.randomUUID() }));
    assert.deepEqual([a.disconnects, b.disconnects], [[], []]);
  });

  test('nine hundred events at once: refused, each with an ack, and never disconnected', async () => {
    const { a } = await pair();
    const acks = await times(900, () => a.ask('users:list', {}));
    assert.equal(acks.filter(({ users }) => users.length > 0).length, 100);
    for (const ack of acks.filter(({ users }) => users.length === 0)) isRefusal(ack);
    assert.deepEqual(a.disconnects, []);
  });

  test('17 sign-in: 10 a minute per address and account, then 429 with Retry-After', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const tries = await times(10, () => post(server, '/auth/login', { body: { email: ann.email, password: 'wrong password' } }));
    assert.ok(tries.every(({ status }) => status === 401));
    for (const email of [ann.email, ann.email.toUpperCase(), ` ${ann.email} `]) {
      const { status, body, headers } = await post(server, '/auth/login', { body: { email, password: ann.password } });
      assert.equal(status, 429, email);
      const { timestamp, retryAfterMs, code, ...rest } = body;
      assert.deepEqual(rest, { statusCode: 429, path: '/auth/login', method: 'POST', message: 'Too Many Requests' });
      assert.ok(Number(headers['retry-after']) >= 1);
    }
    const { email, password } = bob;
    assert.equal((await post(server, '/auth/login', { body: { email, password } })).status, 201);
  });

  test('17 sign-up: so many a minute per address, taken addresses counted', async () => {
    const body = (n) => ({ email: `many${n}@example.org`, password: 'long enough', name: 'Many' });
    let status = 201;
    for (let n = 0; n < 41 && status !== 429; n++) ({ status } = await post(server, '/auth/register', { body: body(n % 5) }));
    assert.equal(status, 429);
    assert.equal((await post(server, '/auth/register', { body: body(99) })).status, 429);
  });
});

describe('limits switched off', () => {
  test('0 lets everything through', async () => {
    const server = await startServer();
    const ann = await register(server);
    const socket = await connect(server, ann);
    const acks = await Promise.all(Array.from({ length: 300 }, () => socket.ask('users:list', {})));
    assert.ok(acks.every(({ users }) => users.length === 1));
    socket.close();
    await server.finish();
  });
});
