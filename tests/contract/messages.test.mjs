// Sending, receiving, statuses: scenarios 35 to 43, over both transports.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, get, isMessage, isoTime, register, registerAll, startServer, TRANSPORTS } from '../harness/index.mjs';

const OK = { status: 'ok', message: 'Joined chat room successfully' };

for (const transports of TRANSPORTS) {
  describe(`messages over ${transports}`, () => {
    let server;
    const sockets = [];
    before(async () => (server = await startServer()));
    after(async () => {
      for (const socket of sockets) socket.close();
      await server.finish();
    });

    /** Two connected people with a chat that nobody has joined yet. */
    async function pair() {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const [a, b] = [await connect(server, ann, { transports }), await connect(server, bob, { transports })];
      sockets.push(a, b);
      const { chatId } = await a.ask('chat:get', { recipientId: bob.id });
      return { ann, bob, a, b, chatId };
    }

    test('35, 39 both joined: B hears the message, it is DELIVERED from the start', async () => {
      const { ann, a, b, chatId } = await pair();
      assert.deepEqual(await a.ask('chat:join', { chatId }), OK);
      assert.deepEqual(await b.ask('chat:join', { chatId }), OK);
      const ack = await a.ask('message', { chatId, content: 'hello' });
      // Another node says so when it has handed the message over.
      const status = server.nodes ? 'SENT' : 'DELIVERED';
      isMessage(ack, { chatId, senderId: ann.id, content: 'hello', status });
      assert.deepEqual(await b.hear('message'), ack);
      assert.deepEqual(a.all('message'), [ack]);
      if (server.nodes) await a.hear('message:status', ({ status }) => status === 'DELIVERED');
      await a.settle();
      assert.equal(a.all('message:status').length, server.nodes ? 1 : 0, 'it is said once');
      const stored = (await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body;
      assert.deepEqual(stored, [{ ...ack, status: 'DELIVERED' }]);
    });

    test('36 B reads: ack ok, A hears READ once, with a timestamp', async () => {
      const { ann, a, b, chatId } = await pair();
      await b.ask('chat:join', { chatId });
      const { id } = await a.ask('message', { chatId, content: 'read me' });
      assert.deepEqual(await b.ask('message:read', { messageId: id }), { status: 'ok' });
      const status = await a.hear('message:status', ({ status }) => status === 'READ');
      assert.deepEqual(Object.keys(status).sort(), ['messageId', 'status', 'timestamp']);
      assert.equal(status.messageId, id);
      assert.match(status.timestamp, isoTime);
      assert.deepEqual(await b.ask('message:read', { messageId: id }), { status: 'ok' });
      await a.settle();
      assert.equal(a.all('message:status').filter(({ status }) => status === 'READ').length, 1);
      const [stored] = (await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body;
      assert.equal(stored.status, 'READ');
    });

    test('37 sent before B joins: DELIVERED at the join, READ after that', async () => {
      const { a, b, chatId } = await pair();
      const { id, status } = await a.ask('message', { chatId, content: 'early' });
      assert.equal(status, 'SENT');
      await a.settle();
      assert.deepEqual(a.all('message:status'), [], 'being online alone leaves it SENT');
      assert.deepEqual(await b.ask('chat:join', { chatId }), OK);
      await a.hear('message:status');
      await b.ask('message:read', { messageId: id });
      await a.hear('message:status', ({ status }) => status === 'READ');
      const told = a.all('message:status').map(({ messageId, status }) => [messageId, status]);
      assert.deepEqual(told, [[id, 'DELIVERED'], [id, 'READ']]);
    });

    test('37 a recipient who connects anew has received what waited', async () => {
      const { bob, a, b, chatId } = await pair();
      b.close();
      const { id } = await a.ask('message', { chatId, content: 'while you were out' });
      sockets.push(await connect(server, bob, { transports }));
      const told = await a.hear('message:status');
      assert.deepEqual([told.messageId, told.status], [id, 'DELIVERED']);
    });

    test('38 after the recipient’s chat:leave: SENT, message:ack, no message:status', async () => {
      const { a, b, chatId } = await pair();
      await b.ask('chat:join', { chatId });
      assert.deepEqual(await b.ask('chat:leave', { chatId }), { success: true });
      const { id, status } = await a.ask('message', { chatId, content: 'are you there?' });
      assert.equal(status, 'SENT');
      assert.deepEqual(await a.hear('message:ack'), { messageId: id });
      await Promise.all([a.settle(), b.settle()]);
      assert.deepEqual(a.all('message:status'), []);
      assert.deepEqual(b.all('message'), []);
    });

    test('40 a stranger’s send: the error ack of old, exception, nothing stored (F4)', async () => {
      const { ann, a, b, chatId } = await pair();
      await a.ask('chat:join', { chatId });
      const eve = await connect(server, await register(server, 'Eve'), { transports });
      const ack = await eve.ask('message', { chatId, content: 'boo' });
      assert.equal(ack.status, 'error');
      assert.equal(ack.error.message, 'User is not a participant of this chat');
      assert.equal(ack.message, ack.error.message);
      const exception = await eve.hear('exception');
      assert.deepEqual(exception.error, {
        status: 403,
        message: { message: ack.message, error: 'Forbidden', statusCode: 403 },
      });
      assert.match(exception.timestamp, isoTime);
      await Promise.all([a.settle(), b.settle()]);
      assert.deepEqual(a.all('message'), []);
      assert.deepEqual((await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body, []);
      eve.close();
    });

    test('41 a stranger’s join, pins, reads and forwards: error ack and exception', async () => {
      const { a, b, chatId } = await pair();
      const { id } = await a.ask('message', { chatId, content: 'private' });
      const eve = await connect(server, await register(server, 'Eve'), { transports });
      const text = 'User is not a participant of this chat';
      for (const [event, payload] of [
        ['chat:join', { chatId }],
        ['chat:get-pinned', { chatId }],
        ['message:read', { messageId: id }],
        ['message:delivered', { messageId: id }],
        ['message:pin', { messageId: id }],
        ['message:unpin', { messageId: id }],
        ['user:typing', { chatId, isTyping: true }],
      ]) {
        await eve.forget();
        const ack = await eve.ask(event, payload);
        assert.deepEqual([ack.status, ack.message], ['error', text], event);
        assert.equal((await eve.hear('exception')).error.message.message, text, event);
      }
      const forward = await eve.ask('message:forward', { messageId: id, toChatId: chatId });
      assert.deepEqual([forward.status, forward.message], ['error', 'User does not have access to original message']);
      await a.ask('message', { chatId, content: 'for us only' });
      await eve.settle();
      assert.deepEqual(eve.all('message'), []);
      await b.settle();
      assert.deepEqual(b.all('user:typing'), []);
      eve.close();
    });

    test('42 READ never goes back to DELIVERED, whatever comes late (F13)', async () => {
      const { ann, a, b, chatId } = await pair();
      const { id } = await a.ask('message', { chatId, content: 'once read' });
      await b.ask('message:read', { messageId: id });
      await a.hear('message:status', ({ status }) => status === 'READ');
      await a.forget();
      await b.ask('chat:join', { chatId });
      await b.ask('message:delivered', { messageId: id });
      await b.ask('message:status', { messageId: id, status: 'DELIVERED' });
      await b.ask('chat:leave', { chatId });
      await b.ask('chat:join', { chatId });
      await a.settle();
      assert.deepEqual(a.all('message:status'), []);
      const [stored] = (await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body;
      assert.equal(stored.status, 'READ');
    });

    test('43 a socket that is connected but has not joined hears no message', async () => {
      const { a, b, chatId } = await pair();
      await a.ask('chat:join', { chatId });
      await a.ask('message', { chatId, content: 'to those who look' });
      await b.settle();
      assert.deepEqual(b.all('message'), []);
    });
  });
}
