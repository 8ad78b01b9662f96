// Forwards: scenario 45, decision 0.1.12, F23; over both transports.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { connect, describe, get, isMessage, isoTime, registerAll, startServer, TRANSPORTS } from '../harness/index.mjs';

for (const transports of TRANSPORTS) {
  describe(`forwards over ${transports}`, () => {
    let server, ann, bob, eve, a, b, e, from, to, messages;
    before(async () => {
      server = await startServer();
      [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
      [a, b, e] = await Promise.all([ann, bob, eve].map((person) => connect(server, person, { transports })));
      from = (await a.ask('chat:get', { recipientId: bob.id })).chatId;
      to = (await b.ask('chat:get', { recipientId: eve.id })).chatId;
      messages = [];
      for (const content of ['one', 'two', 'three']) messages.push(await a.ask('message', { chatId: from, content }));
    });
    after(async () => {
      for (const socket of [a, b, e]) socket.close();
      await server.finish();
    });

    test('45 a forward: a new id, where it came from, who wrote it; DELIVERED to who looks (F23)', async () => {
      await e.ask('chat:join', { chatId: to });
      const { status, message } = await b.ask('message:forward', { messageId: messages[0].id, toChatId: to });
      assert.equal(status, 'ok');
      isMessage(message, {
        chatId: to, senderId: bob.id, content: 'one', status: server.nodes ? 'SENT' : 'DELIVERED',
        isForwarded: true, forwardedFromId: messages[0].id, originalSenderId: ann.id,
      });
      assert.notEqual(message.id, messages[0].id);
      assert.deepEqual(await e.hear('message', ({ id }) => id === message.id), message);
      assert.deepEqual(await e.hear('message:forwarded'), {
        messageId: message.id, toChatId: to, forwardedBy: bob.id, originalSenderId: ann.id,
      });
      assert.deepEqual(e.order().slice(-2), ['message', 'message:forwarded']);
      await b.settle();
      assert.deepEqual(b.all('message:ack'), [], 'a forward has none');
    });

    test('45 a comment goes before it, in the contract’s form', async () => {
      const want = { messageId: messages[1].id, toChatId: to, additionalContent: 'look at this' };
      const { message } = await b.ask('message:forward', want);
      assert.equal(message.content, 'look at this\n\n--- Forwarded message ---\ntwo');
    });

    test('45 the first sender of a chain stays the original sender (F23)', async () => {
      const { message: once } = await b.ask('message:forward', { messageId: messages[2].id, toChatId: to });
      const { message: twice } = await e.ask('message:forward', { messageId: once.id, toChatId: to });
      isMessage(twice, { senderId: eve.id, forwardedFromId: once.id, originalSenderId: ann.id });
    });

    test('45 several, with one bad id: the rest, in their order', async () => {
      await e.forget();
      const messageIds = [messages[2].id, randomUUID(), messages[0].id];
      const ack = await b.ask('message:forward-multiple', { messageIds, toChatId: to });
      assert.equal(ack.status, 'ok');
      assert.deepEqual(ack.messages.map(({ content }) => content), ['three', 'one']);
      await e.settle();
      assert.deepEqual(e.all('message').map(({ id }) => id), ack.messages.map(({ id }) => id));
    });

    test('45 several, with one that is too long with the comment: the rest', async () => {
      const long = await a.ask('message', { chatId: from, content: 'x'.repeat(16_380) });
      const messageIds = [long.id, messages[0].id];
      const ack = await b.ask('message:forward-multiple', { messageIds, toChatId: to, additionalContent: 'look at this' });
      assert.equal(ack.status, 'ok', ack.message);
      assert.equal(ack.messages.length, 1);
      assert.match(ack.messages[0].content, /^look at this\n\n--- Forwarded message ---\none$/);
    });

    test('45 what may not be: texts of the contract', async () => {
      const [{ id: messageId }] = messages;
      const cases = [
        [b, { messageId: randomUUID(), toChatId: to }, 'User does not have access to original message'],
        [e, { messageId, toChatId: to }, 'User does not have access to original message'],
        [b, { messageId, toChatId: randomUUID() }, 'User is not a participant of target chat'],
        [a, { messageId, toChatId: to }, 'User is not a participant of target chat'],
      ];
      for (const [socket, want, text] of cases) {
        const { status, message } = await socket.ask('message:forward', want);
        assert.deepEqual([status, message], ['error', text]);
        await socket.hear('exception', ({ error }) => error.message.message === text);
      }
      const none = await b.ask('message:forward-multiple', { messageIds: [], toChatId: to });
      assert.equal(none.status, 'error');
      const many = { messageIds: Array(101).fill(messageId), toChatId: to };
      assert.equal((await b.ask('message:forward-multiple', many)).status, 'error');
    });

    test('the original is found by its id, by members of its chat alone', async () => {
      const { message: copy } = await b.ask('message:forward', { messageId: messages[1].id, toChatId: to });
      const original = copy.forwardedFromId;
      const stored = (await get(server, `/chats/${from}/messages`, { token: ann.token })).body;
      for (const path of [`/messages/${original}`, `/api/messages/${original}`]) {
        for (const { token } of [ann, bob]) {
          const { status, body } = await get(server, path, { token });
          assert.equal(status, 200);
          assert.deepEqual(body, stored.find(({ id }) => id === original));
          assert.deepEqual([body.chatId, body.seq], [from, messages[1].seq]);
        }
        assert.equal((await get(server, path)).status, 401);
      }
      for (const id of [original, randomUUID(), 'no-uuid']) {
        for (const path of [`/messages/${id}`, `/api/messages/${id}`]) {
          const { status, body } = await get(server, path, { token: eve.token });
          const { timestamp, ...envelope } = body;
          assert.match(timestamp, isoTime);
          assert.equal(status, 404);
          assert.deepEqual(envelope, {
            statusCode: 404, code: 'NOT_FOUND', error: 'Not Found', message: 'Message not found', method: 'GET', path,
          });
        }
      }
      assert.equal((await get(server, `/messages/${copy.id}`, { token: eve.token })).body.senderId, bob.id);
    });

    test('45 a forward with a clientId happens once', async () => {
      const want = { messageId: messages[0].id, toChatId: to, clientId: 'forward-1' };
      const [first, second] = [await b.ask('message:forward', want), await b.ask('message:forward', want)];
      assert.deepEqual(second.message.id, first.message.id);
      await e.settle();
      assert.equal(e.all('message').filter(({ id }) => id === first.message.id).length, 1);
    });
  });
}
