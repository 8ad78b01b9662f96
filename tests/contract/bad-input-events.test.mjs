// Bad input to every event: a clear refusal in the event's own shape, nothing stored, nobody else
// disturbed. 0.1.6, 7.1, F2, F18, F26, F41.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { BAD, badPayloads, LEAKS, named, spoil } from '../harness/bad.mjs';
import { connect, describe, get, registerAll, startServer } from '../harness/index.mjs';

describe('bad input to events', () => {
  let server, ann, bob, eve, a, witness, chatId, groupId, messageId;

  before(async () => {
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    [a, witness] = [await connect(server, ann), await connect(server, bob)];
    ({ chatId } = await a.ask('chat:get', { recipientId: bob.id }));
    ({ chat: { id: groupId } } = await a.ask('chat:create', { title: 'Group', participants: [bob.id] }));
    ({ id: messageId } = await witness.ask('message', { chatId, content: 'here before' }));
    await a.ask('chat:join', { chatId });
    await witness.ask('sync', { cursors: {} });
  });
  after(async () => {
    for (const socket of [a, witness]) socket.close();
    await server.finish();
  });

  /** For each event a good payload, the types of its fields, and ids that are well-formed but lead nowhere. */
  const events = () => ({
    'chat:get': { good: { recipientId: bob.id }, fields: { recipientId: 'id' }, nowhere: ['recipientId'] },
    'chat:join': { good: { chatId }, fields: { chatId: 'id' }, nowhere: ['chatId'] },
    'chat:leave': { good: { chatId }, fields: { chatId: 'id' }, nowhere: [] },
    'chat:get-pinned': { good: { chatId }, fields: { chatId: 'id' }, nowhere: ['chatId'] },
    'chat:create': { good: { title: 'New', participants: [bob.id] }, fields: { title: 'title', participants: 'ids' }, nowhere: [] },
    'chat:update': { good: { chatId: groupId, title: 'Other' }, fields: { chatId: 'id', title: 'title' }, nowhere: ['chatId'] },
    'member:add': { good: { chatId: groupId, userId: eve.id }, fields: { chatId: 'id', userId: 'id' }, nowhere: ['chatId', 'userId'] },
    'member:remove': { good: { chatId: groupId, userId: bob.id }, fields: { chatId: 'id', userId: 'id' }, nowhere: ['chatId', 'userId'] },
    'member:role': { good: { chatId: groupId, userId: bob.id, role: 'admin' }, fields: { chatId: 'id', userId: 'id', role: 'role' }, nowhere: ['chatId', 'userId'] },
    'member:leave': { good: { chatId: groupId }, fields: { chatId: 'id' }, nowhere: ['chatId'] },
    message: { good: { chatId, content: 'text', clientId: 'key' }, fields: { chatId: 'id', content: 'text', clientId: 'key' }, nowhere: ['chatId'] },
    'message:read': { good: { messageId }, fields: { messageId: 'id' }, nowhere: ['messageId'] },
    'message:delivered': { good: { messageId }, fields: { messageId: 'id' }, nowhere: ['messageId'] },
    'message:status': { good: { messageId, status: 'READ' }, fields: { messageId: 'id', status: 'status' }, nowhere: ['messageId'] },
    'message:pin': { good: { messageId }, fields: { messageId: 'id' }, nowhere: ['messageId'] },
    'message:unpin': { good: { messageId }, fields: { messageId: 'id' }, nowhere: ['messageId'] },
    'message:forward': {
      good: { messageId, toChatId: chatId, clientId: 'key' },
      fields: { messageId: 'id', toChatId: 'id', clientId: 'key' },
      nowhere: ['messageId', 'toChatId'],
    },
    'message:forward-multiple': { good: { messageIds: [messageId], toChatId: chatId }, fields: { messageIds: 'ids', toChatId: 'id' }, nowhere: ['toChatId'] },
    'user:typing': { good: { chatId, isTyping: true }, fields: { chatId: 'id', isTyping: 'flag' }, nowhere: ['chatId'] },
    'user:get-presence': { good: { userId: bob.id }, fields: { userId: 'id' }, nowhere: [] },
  });

  /** Everything that could have been stored. */
  async function snapshot() {
    const people = await Promise.all([ann, bob, eve].map(async ({ token }) => {
      const chats = (await get(server, '/chats', { token })).body;
      const histories = await Promise.all(chats.map(({ id }) => get(server, `/chats/${id}/messages`, { token })));
      return [chats, histories.map(({ body }) => body)];
    }));
    const { chats } = await witness.ask('sync', { cursors: {} });
    return { people, chats: chats.map(({ members, lastSeq, title }) => ({ members, lastSeq, title })) };
  }

  /** The refusal of an event, in its shape. */
  function isRefused(event, ack, what) {
    if (event === 'chat:get') return assert.equal(ack, null, what);
    if (event === 'chat:leave') return assert.deepEqual(ack, { success: false }, what);
    assert.equal(ack?.status, 'error', `${what}: ${JSON.stringify(ack)}`);
    assert.ok(typeof ack.message === 'string' && ack.message.length > 0 && ack.message.length < 300, what);
    assert.ok(['INVALID', 'NOT_FOUND', 'FORBIDDEN'].includes(ack.code), `${what}: ${ack.code}`);
    assert.doesNotMatch(ack.message, LEAKS, what);
    if (event === 'message') assert.equal(ack.error.message, ack.message);
  }

  const names = ['chat:get', 'chat:join', 'chat:leave', 'chat:get-pinned', 'chat:create', 'chat:update', 'member:add', 'member:remove',
    'member:role', 'member:leave', 'message', 'message:read', 'message:delivered', 'message:status', 'message:pin', 'message:unpin',
    'message:forward', 'message:forward-multiple', 'user:typing', 'user:get-presence'];
  for (const event of names) {
    test(event, async () => {
      const { good, fields, nowhere } = events()[event];
      const before = await snapshot();
      for (const socket of [a, witness]) await socket.forget();
      const tries = badPayloads(good).map((payload) => [named(payload), payload]);
      for (const [field, type] of Object.entries(fields)) {
        for (const value of BAD[type]) tries.push([`${field}: ${named(value)}`, spoil(good, field, value)]);
      }
      for (const field of nowhere) tries.push([`${field}: nobody's`, { ...good, [field]: randomUUID() }]);
      for (const [what, payload] of tries) isRefused(event, await a.ask(event, payload), `${event} ${what}`);
      isRefused(event, await a.ask(event), `${event} without a payload`);
      a.tell(event);
      a.tell(event, null, null, null);
      await a.settle();
      const exceptions = a.all('exception');
      assert.equal(exceptions.length, tries.length + 3, 'each refusal comes with one exception');
      for (const { error, timestamp } of exceptions) {
        assert.ok(error.status >= 400 && error.status < 500, JSON.stringify(error));
        assert.equal(error.message.statusCode, error.status);
        assert.doesNotMatch(error.message.message, LEAKS);
        assert.ok(Date.parse(timestamp));
      }
      assert.deepEqual(await snapshot(), before, 'nothing changed');
      await witness.settle();
      assert.deepEqual(witness.order().filter((name) => name !== 'ack'), [], 'nobody else heard of it');
      assert.deepEqual(a.disconnects, []);
    });
  }

  test('cursors by chat and seq, and optional fields', async () => {
    const refused = async (event, payload) => isRefused(event, await a.ask(event, payload), `${event} ${named(payload)}`);
    for (const event of ['message:read', 'message:delivered']) {
      for (const seq of BAD.seq) await refused(event, { chatId, seq });
      for (const id of BAD.id) await refused(event, spoil({ chatId, seq: 1 }, 'chatId', id));
      await refused(event, { seq: 1 });
      await refused(event, { chatId: randomUUID(), seq: 1 });
    }
    for (const cursors of BAD.map) await refused('sync', { cursors });
    for (const limit of BAD.count) await refused('sync', { cursors: {}, limit });
    for (const payload of ['x', 1, true, []]) await refused('sync', payload);
    for (const content of BAD.text.filter((value) => typeof value !== 'string' && typeof value !== 'symbol' && value !== null)) {
      await refused('message:forward', { messageId, toChatId: chatId, additionalContent: content });
      await refused('message:forward-multiple', { messageIds: [messageId], toChatId: chatId, additionalContent: content });
    }
    await refused('message:forward', { messageId, toChatId: chatId, additionalContent: 'x'.repeat(16_385) });
    await refused('message:forward', { messageId, toChatId: chatId, additionalContent: 'a\0b' });
  });

  test('users:list answers everybody, whatever it is sent (F18)', async () => {
    for (const payload of [...badPayloads({ limit: 1 }), { limit: 'x' }, { query: 1 }, { query: {} }, { limit: -1 }, { query: '\0' }]) {
      const { users } = await a.ask('users:list', payload);
      assert.ok(Array.isArray(users), named(payload));
    }
    assert.equal((await a.ask('users:list', { limit: 0 })).users.length, 1);
  });

  test('keys that would poison a prototype are just unknown keys', async () => {
    const payload = JSON.parse(`{"chatId":"${chatId}","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`);
    assert.equal((await a.ask('chat:join', payload)).status, 'ok');
    assert.equal({}.polluted, undefined);
  });
});
