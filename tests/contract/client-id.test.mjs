// clientId: unique per sender for ever. Decision 0.1.9.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, post, registerAll, startServer } from '../harness/index.mjs';

describe('clientId', () => {
  let server, ann, bob, eve, a, b, chatId;
  before(async () => {
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    [a, b] = [await connect(server, ann), await connect(server, bob)];
    chatId = await chatOf(server, ann, bob);
    for (const socket of [a, b]) await socket.ask('chat:join', { chatId });
  });
  after(async () => {
    a.close();
    b.close();
    await server.finish();
  });
  const stored = async () => (await get(server, `/chats/${chatId}/messages?limit=1000`, { token: ann.token })).body;

  test('a second send with the same key answers the first result, whatever its content', async () => {
    const first = await a.ask('message', { chatId, content: 'first', clientId: 'k1' });
    assert.equal(first.clientId, 'k1');
    const before = (await stored()).length;
    assert.deepEqual(await a.ask('message', { chatId, content: 'other', clientId: 'k1' }), first);
    const rest = await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content: 'x', clientId: 'k1' } });
    assert.deepEqual([rest.status, rest.body], [201, first]);
    assert.equal((await stored()).length, before);
    await b.settle();
    assert.equal(b.all('message').filter(({ id }) => id === first.id).length, 1);
  });

  test('the repeated result carries the status as it is now', async () => {
    const { id } = await a.ask('message', { chatId, content: 'status', clientId: 'k-status' });
    await b.ask('message:read', { messageId: id });
    assert.equal((await a.ask('message', { chatId, content: 'status', clientId: 'k-status' })).status, 'READ');
  });

  test('a hundred sends of the same key at once, over two sockets and REST: one message', async () => {
    const tab = await connect(server, ann);
    const before = (await stored()).length;
    const want = { chatId, content: 'race', clientId: 'k-race' };
    const sends = Array.from({ length: 100 }, async (_, n) => {
      if (n % 10 === 9) return (await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: want })).body;
      return (n % 2 ? a : tab).ask('message', want);
    });
    const answers = await Promise.all(sends);
    assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
    assert.equal(new Set(answers.map(({ seq }) => seq)).size, 1);
    assert.equal((await stored()).length, before + 1);
    await b.settle();
    assert.equal(b.all('message').filter(({ content }) => content === 'race').length, 1);
    tab.close();
  });

  test('in another chat the same key is an error, and nothing is stored', async () => {
    await a.ask('message', { chatId, content: 'here', clientId: 'k-here' });
    const other = await chatOf(server, ann, eve);
    const ack = await a.ask('message', { chatId: other, content: 'there', clientId: 'k-here' });
    assert.deepEqual([ack.status, ack.error.message], ['error', 'clientId was used in another chat']);
    assert.deepEqual((await get(server, `/chats/${other}/messages`, { token: eve.token })).body, []);
  });

  test('S21 another sender’s same key is another message', async () => {
    const [mine, theirs] = [
      await a.ask('message', { chatId, content: 'mine', clientId: 'shared' }),
      await b.ask('message', { chatId, content: 'theirs', clientId: 'shared' }),
    ];
    assert.notEqual(mine.id, theirs.id);
    assert.equal(theirs.content, 'theirs');
  });

  test('it holds over a restart', async () => {
    const first = await a.ask('message', { chatId, content: 'before', clientId: 'k-restart' });
    await server.kill();
    await server.start();
    const again = await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content: 'after', clientId: 'k-restart' } });
    assert.deepEqual([again.body.id, again.body.content], [first.id, 'before']);
  });

  test('it is 1 to 64 bytes of text', async () => {
    for (const clientId of ['', 'x'.repeat(65), 'я'.repeat(33), 'a\nb', 'a\0b', 7, {}, [], true]) {
      const ack = await a.ask('message', { chatId, content: 'odd', clientId });
      assert.equal(ack.status, 'error', JSON.stringify(clientId));
    }
    for (const clientId of ['x'.repeat(64), 'ключ', '😀'.repeat(16), "'; DROP TABLE messages;--", null]) {
      const ack = await a.ask('message', { chatId, content: 'good', clientId });
      assert.equal(ack.content, 'good', JSON.stringify(clientId));
      assert.equal(ack.clientId, clientId ?? undefined);
    }
  });
});
