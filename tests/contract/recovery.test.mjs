// Connection state recovery, as the official client asks for it: when it is granted, and when a
// fresh socket is the honest answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, post, registerAll, startProxy, startServer, TRANSPORTS } from '../harness/index.mjs';

const HURRY = { reconnectionDelay: 20, reconnectionDelayMax: 50 };

for (const transports of TRANSPORTS) {
  describe(`recovery over ${transports}`, () => {
    let server, proxy, ann, bob, eve;
    before(async () => {
      server = await startServer();
      proxy = await startProxy(server);
      [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    });
    after(() => server.finish());

    const through = (person) => connect(server, person, { transports, url: proxy.url, ...HURRY });
    /** Cuts the socket off, runs `meanwhile`, lets it back; whether it was recovered. */
    async function away(socket, meanwhile = async () => {}) {
      const [gone, back] = ['disconnect', 'connect'].map((event) => new Promise((resolve) => socket.io.once(event, resolve)));
      proxy.refuse();
      const cutting = setInterval(() => proxy.cut(), 10);
      await gone;
      clearInterval(cutting);
      await meanwhile();
      const refused = new Promise((resolve) => socket.io.once('connect_error', ({ message }) => message !== 'websocket error' && message !== 'xhr poll error' && resolve(message)));
      proxy.refuse(false);
      return Promise.race([back.then(() => socket.io.recovered), refused]);
    }
    const write = async (person, chatId, content) => (await post(server, `/chats/${chatId}/messages`, { token: person.token, body: { content } })).body;

    test('granted: the same id, the same rooms, what was missed, nothing twice', async () => {
      const b = await through(bob);
      const { chatId } = await b.ask('chat:get', { recipientId: ann.id });
      await b.ask('chat:join', { chatId });
      await write(ann, chatId, 'before');
      await b.hear('message', ({ content }) => content === 'before');
      const { id } = b;
      assert.equal(await away(b, () => write(ann, chatId, 'meanwhile')), true);
      assert.equal(b.id, id);
      // Its commands wait until it is back in its rooms.
      await b.settle();
      const later = await write(ann, chatId, 'later');
      // Another node's sockets have it a moment later.
      if (!server.nodes) assert.equal(later.status, 'DELIVERED');
      await b.hear('message', ({ content }) => content === 'later');
      assert.deepEqual(b.all('message').map(({ content }) => content), ['before', 'meanwhile', 'later']);
      b.close();
    });

    test('a chat that was left is not in it', async () => {
      const b = await through(bob);
      const chatId = await chatOf(server, ann, bob);
      await b.ask('chat:join', { chatId });
      await b.ask('chat:leave', { chatId });
      assert.equal(await away(b, () => write(ann, chatId, 'unheard')), true);
      await write(ann, chatId, 'unheard, too');
      await b.settle();
      assert.deepEqual(b.all('message'), []);
      b.close();
    });

    test('refused after a removal from the group: nothing of it is heard', async () => {
      const a = await connect(server, ann);
      const { chat } = await a.ask('chat:create', { title: 'Group', participants: [eve.id] });
      const e = await through(eve);
      await e.ask('chat:join', { chatId: chat.id });
      const recovered = await away(e, async () => {
        await write(ann, chat.id, 'while still a member');
        await a.ask('member:remove', { chatId: chat.id, userId: eve.id });
        await write(ann, chat.id, 'for the others');
      });
      assert.equal(recovered, false);
      await write(ann, chat.id, 'more for the others');
      await e.settle();
      assert.deepEqual(e.all('message'), []);
      for (const socket of [a, e]) socket.close();
    });

    test('refused after the session’s end: the client hears why', async () => {
      const [pat] = await registerAll(server, 'Pat');
      const p = await through(pat);
      assert.equal(await away(p, () => post(server, '/auth/logout', { token: pat.token })), 'User not found');
      p.close();
    });

    test('not offered to who has joined more than eight chats, or follows by sync', async () => {
      const [pat, ...others] = await registerAll(server, 'Pat', ...'abcdefghi');
      const p = await through(pat);
      for (const other of others) await p.ask('chat:join', { chatId: await chatOf(server, pat, other) });
      assert.equal(await away(p), false);
      await p.ask('sync', {});
      assert.equal(await away(p), false);
      p.close();
    });

    test('the old connection, if it still stands, is closed by the new one', async () => {
      const chatId = await chatOf(server, ann, bob);
      const old = await connect(server, bob, { transports, reconnection: false });
      await old.ask('chat:join', { chatId });
      const { id, _pid: pid, _lastOffset: offset } = old.io;
      const fresh = await connect(server, bob, { transports, auth: { token: bob.token, pid, offset } });
      assert.equal(fresh.id, id);
      assert.match(await old.hear('disconnect'), /transport close|transport error/);
      await write(ann, chatId, 'to the new one');
      await fresh.hear('message');
      await fresh.settle();
      assert.equal(fresh.all('message').length, 1);
      assert.deepEqual(old.all('message'), []);
      const people = (await get(server, '/api/users', { token: ann.token })).body;
      assert.equal(people.find(({ id }) => id === bob.id).isOnline, true);
      fresh.close();
    });
  });
}
