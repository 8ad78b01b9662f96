// Pins: scenario 44, over both transports; F42.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { connect, describe, get, isMessage, isoTime, registerAll, startServer, TRANSPORTS } from '../harness/index.mjs';

for (const transports of TRANSPORTS) {
  describe(`pins over ${transports}`, () => {
    let server, ann, bob, a, b, chatId;
    before(async () => {
      server = await startServer({ env: { ZVON_CHAT__PINS_MAX: '3' } });
      [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      [a, b] = [await connect(server, ann, { transports }), await connect(server, bob, { transports })];
      ({ chatId } = await a.ask('chat:get', { recipientId: bob.id }));
      for (const socket of [a, b]) await socket.ask('chat:join', { chatId });
    });
    after(async () => {
      a.close();
      b.close();
      await server.finish();
    });
    const sent = (content) => a.ask('message', { chatId, content });
    const pinned = async () => (await b.ask('chat:get-pinned', { chatId })).messages.map(({ content }) => content);

    test('44 pin, pin again, unpin, unpin again; both hear of it', async () => {
      const { id, seq } = await sent('important');
      const ack = await b.ask('message:pin', { messageId: id });
      assert.equal(ack.status, 'ok');
      isMessage(ack.message, { id, isPinned: true, pinnedBy: bob.id, content: 'important' });
      assert.match(ack.message.pinnedAt, isoTime);
      for (const socket of [a, b]) {
        const heard = await socket.hear('message:pinned', (message) => message.id === id);
        isMessage(heard, { isPinned: true, pinnedBy: bob.id, messageSeq: seq });
        assert.ok(heard.seq > seq, 'the event has a place of its own in the log');
      }
      const again = await a.ask('message:pin', { messageId: id });
      assert.deepEqual([again.status, again.message], ['error', 'Message is already pinned']);
      const off = await a.ask('message:unpin', { messageId: id });
      isMessage(off.message, { id, isPinned: false, pinnedBy: null, pinnedAt: null });
      for (const socket of [a, b]) isMessage(await socket.hear('message:unpinned'), { id, isPinned: false });
      const twice = await b.ask('message:unpin', { messageId: id });
      assert.deepEqual([twice.status, twice.message], ['error', 'Message is not pinned']);
      assert.equal(a.all('message:pinned').length, 1);
    });

    test('44 chat:get-pinned: the newest pin first; a maximum of them (F42)', async () => {
      const messages = [await sent('1'), await sent('2'), await sent('3'), await sent('4')];
      for (const n of [1, 0, 2]) assert.equal((await a.ask('message:pin', { messageId: messages[n].id })).status, 'ok');
      assert.deepEqual(await pinned(), ['3', '1', '2']);
      const full = await a.ask('message:pin', { messageId: messages[3].id });
      assert.deepEqual([full.status, full.message], ['error', 'The chat has as many pinned messages as it may']);
      await a.ask('message:unpin', { messageId: messages[0].id });
      assert.equal((await a.ask('message:pin', { messageId: messages[3].id })).status, 'ok');
      assert.deepEqual(await pinned(), ['4', '3', '2']);
      const history = (await get(server, `/chats/${chatId}/messages`, { token: bob.token })).body;
      assert.deepEqual(history.filter((m) => m.isPinned).map(({ content }) => content), ['2', '3', '4']);
    });

    test('44 ten who pin the same message at once: one does', async () => {
      const { id } = await sent('race');
      await a.ask('message:unpin', { messageId: (await b.ask('chat:get-pinned', { chatId })).messages[0].id });
      await b.forget();
      const acks = await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 ? a : b).ask('message:pin', { messageId: id })));
      assert.equal(acks.filter(({ status }) => status === 'ok').length, 1);
      await b.settle();
      assert.equal(b.all('message:pinned').length, 1);
    });

    test('44 an unknown message and chat: as one of a chat that is not one’s own', async () => {
      for (const [event, payload] of [
        ['message:pin', { messageId: randomUUID() }],
        ['message:unpin', { messageId: randomUUID() }],
        ['chat:get-pinned', { chatId: randomUUID() }],
      ]) {
        const { status, message } = await a.ask(event, payload);
        assert.deepEqual([status, message], ['error', 'User is not a participant of this chat']);
      }
    });
  });
}
