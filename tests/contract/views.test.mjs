// Views and order: scenarios 46 to 49, over both transports.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, get, registerAll, startServer, TRANSPORTS } from '../harness/index.mjs';

/** The third upgrades while it is used. */
for (const transports of [...TRANSPORTS, ['polling', 'websocket']]) {
  describe(`views and order over ${transports}`, () => {
    let server, ann, bob, a, b, chatId;
    before(async () => {
      server = await startServer();
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

    test('46 leaving in one tab keeps the other in the room (F19)', async () => {
      const tab = await connect(server, bob, { transports });
      await tab.ask('chat:join', { chatId });
      assert.deepEqual(await tab.ask('chat:leave', { chatId }), { success: true });
      const { id, status } = await a.ask('message', { chatId, content: 'to the other tab' });
      // Another node's sockets have it a moment later.
      if (!server.nodes) assert.equal(status, 'DELIVERED');
      await b.hear('message', (message) => message.id === id);
      await tab.settle();
      assert.deepEqual(tab.all('message'), []);
      tab.close();
    });

    test('46 every tab that joined hears each message once; message:ack goes to the sender’s tab alone', async () => {
      const tab = await connect(server, ann, { transports });
      await tab.ask('chat:join', { chatId });
      await tab.ask('chat:join', { chatId });
      const { id } = await a.ask('message', { chatId, content: 'twice joined' });
      await tab.settle();
      assert.deepEqual(tab.all('message').map((message) => message.id), [id]);
      assert.deepEqual(tab.all('message:ack'), []);
      tab.close();
    });

    test('47 unknown events: no answer, no error, the next one works', async () => {
      await a.forget();
      let answered = false;
      for (const name of ['nothing', 'message:delete', 'join', 'constructor', '__proto__', 'toString', '']) {
        a.io.emit(name, { chatId }, () => (answered = true));
      }
      a.tell('chat:join:', { chatId });
      await a.settle();
      assert.equal(answered, false);
      assert.deepEqual(a.all('exception'), []);
    });

    test('48 the sender hears message, message:ack, the ack, in this order', async () => {
      await a.forget();
      for (let n = 0; n < 5; n++) await a.ask('message', { chatId, content: `${n}` });
      assert.deepEqual(a.order(), Array(5).fill(['message', 'message:ack', 'ack']).flat());
      const ids = a.heard.filter(({ event, ack }) => event !== 'offset:moved' && (event || ack))
        .map(({ data }) => data.id ?? data.messageId);
      for (let n = 0; n < 15; n += 3) assert.ok(ids[n] === ids[n + 1] && ids[n] === ids[n + 2]);
    });

    test('48 who has not joined hears message:ack, then the ack', async () => {
      const tab = await connect(server, ann, { transports });
      await tab.forget();
      await tab.ask('message', { chatId, content: 'from outside' });
      assert.deepEqual(tab.order(), ['message:ack', 'ack']);
      tab.close();
    });

    test('49 a hundred quick messages arrive once and in order', async () => {
      await b.forget();
      const texts = Array.from({ length: 100 }, (_, n) => `quick ${n}`);
      const acks = await Promise.all(texts.map((content) => a.ask('message', { chatId, content })));
      await b.settle();
      assert.deepEqual(b.all('message').map(({ content }) => content), texts);
      assert.deepEqual(b.all('message').map(({ id }) => id), acks.map(({ id }) => id));
      const seqs = acks.map(({ seq }) => seq);
      assert.deepEqual(seqs, seqs.map((_, n) => seqs[0] + n), 'dense');
      const stored = (await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body;
      assert.deepEqual(stored.slice(-100).map(({ content }) => content), texts);
    });

    test('49 two who write at once: both and a third see the same order', async () => {
      const tab = await connect(server, ann, { transports });
      await tab.ask('chat:join', { chatId });
      for (const socket of [a, b]) await socket.forget();
      const sends = [];
      for (let n = 0; n < 50; n++) {
        sends.push(a.ask('message', { chatId, content: `a${n}` }), b.ask('message', { chatId, content: `b${n}` }));
      }
      await Promise.all(sends);
      await Promise.all([a.settle(), b.settle(), tab.settle()]);
      const seen = (socket) => socket.all('message').map(({ content }) => content);
      assert.equal(seen(a).length, 100);
      assert.deepEqual(seen(b), seen(a));
      assert.deepEqual(seen(tab), seen(a));
      assert.deepEqual(seen(a).filter((text) => text[0] === 'a'), Array.from({ length: 50 }, (_, n) => `a${n}`));
      tab.close();
    });
  });
}
