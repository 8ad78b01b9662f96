// Opening a chat: scenarios 32 to 34, over both transports.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, isMessage, registerAll, startServer, TRANSPORTS, uuid } from '../harness/index.mjs';

for (const transports of TRANSPORTS) {
  describe(`opening a chat over ${transports}`, () => {
    let server, ann, bob, a, b;
    before(async () => {
      server = await startServer();
      [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      a = await connect(server, ann, { transports });
      b = await connect(server, bob, { transports });
    });
    after(async () => {
      a.close();
      b.close();
      await server.finish();
    });

    test('33, 32 chat:get makes a chat, and finds it again from both sides', async () => {
      const made = await a.ask('chat:get', { recipientId: bob.id });
      assert.deepEqual(Object.keys(made).sort(), ['chatId', 'messages']);
      assert.match(made.chatId, uuid);
      assert.deepEqual(made.messages, []);
      assert.equal((await a.ask('chat:get', { recipientId: bob.id })).chatId, made.chatId);
      assert.equal((await b.ask('chat:get', { recipientId: ann.id })).chatId, made.chatId);
      assert.equal(await chatOf(server, ann, bob), made.chatId);
    });

    test('33 both members hear chat:created once, with the chat as each sees it', async () => {
      const [pat, sam] = await registerAll(server, 'Pat', 'Sam');
      const [p, s] = [await connect(server, pat, { transports }), await connect(server, sam, { transports })];
      const { chatId } = await p.ask('chat:get', { recipientId: sam.id });
      for (const [socket] of [[p], [s]]) {
        const { chat } = await socket.hear('chat:created');
        assert.deepEqual([chat.id, chat.kind, chat.title, chat.createdBy], [chatId, 'private', null, pat.id]);
        assert.deepEqual(chat.participants.sort(), [pat.id, sam.id].sort());
        await socket.settle();
        assert.equal(socket.all('chat:created').length, 1);
        socket.close();
      }
    });

    test('34 two people who open each other at once get the same chat (F15)', async () => {
      for (let round = 0; round < 5; round++) {
        const [pat, sam] = await registerAll(server, 'Pat', 'Sam');
        const [p, s] = await Promise.all([pat, sam].map((person) => connect(server, person, { transports })));
        const open = [];
        for (let n = 0; n < 4; n++) {
          open.push(p.ask('chat:get', { recipientId: sam.id }), s.ask('chat:get', { recipientId: pat.id }));
        }
        const ids = new Set((await Promise.all(open)).map(({ chatId }) => chatId));
        assert.equal(ids.size, 1);
        assert.equal((await get(server, '/chats', { token: pat.token })).body.length, 1);
        p.close();
        s.close();
      }
    });

    test('33 an unknown recipient and oneself: null, and exception (F16, F18)', async () => {
      const nobody = randomUUID();
      assert.equal(await a.ask('chat:get', { recipientId: nobody }), null);
      const { error } = await a.hear('exception', ({ error }) => error.status === 404);
      assert.equal(error.message.message, `User with ID ${nobody} not found`);
      assert.equal(await a.ask('chat:get', { recipientId: ann.id }), null);
      assert.equal((await a.hear('exception', ({ error }) => error.status === 400)).error.message.error, 'Bad Request');
    });

    test('the history has all twelve fields, pins and forwards too, and the newest 200 (F24, F29)', async () => {
      const [pat, sam] = await registerAll(server, 'Pat', 'Sam');
      const socket = await connect(server, pat, { transports });
      const { chatId } = await socket.ask('chat:get', { recipientId: sam.id });
      const sends = Array.from({ length: 205 }, (_, n) => socket.ask('message', { chatId, content: `m${n}` }));
      const sent = await Promise.all(sends);
      await socket.ask('message:pin', { messageId: sent[204].id });
      await socket.ask('message:forward', { messageId: sent[0].id, toChatId: chatId });
      const { messages } = await socket.ask('chat:get', { recipientId: sam.id });
      assert.equal(messages.length, 200);
      for (const message of messages) isMessage(message, { chatId });
      assert.deepEqual(messages.map(({ seq }) => seq), messages.map(({ seq }) => seq).sort((x, y) => x - y));
      const [last, pinned] = [messages.at(-1), messages.at(-2)];
      isMessage(pinned, { id: sent[204].id, isPinned: true, pinnedBy: pat.id });
      isMessage(last, { isForwarded: true, forwardedFromId: sent[0].id, originalSenderId: pat.id, content: 'm0' });
      socket.close();
    });
  });
}
