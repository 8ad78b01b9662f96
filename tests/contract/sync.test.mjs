// `sync`: decision 0.1.13.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, isMessage, post, registerAll, startServer, TRANSPORTS, until } from '../harness/index.mjs';

for (const transports of TRANSPORTS) {
  describe(`sync over ${transports}`, () => {
    let server, ann, bob, eve, chatId;
    const sockets = [];
    before(async () => {
      server = await startServer();
      [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
      chatId = await chatOf(server, ann, bob);
    });
    after(async () => {
      for (const socket of sockets) socket.close();
      await server.finish();
    });
    const online = async (person) => {
      const socket = await connect(server, person, { transports });
      sockets.push(socket);
      return socket;
    };
    const write = async (person, content) =>
      (await post(server, `/chats/${chatId}/messages`, { token: person.token, body: { content } })).body;

    test('the state of all chats: last message, unread, cursors, who is online', async () => {
      await write(bob, 'one');
      const last = await write(bob, 'two');
      const [a] = [await online(ann), await online(bob)];
      let state;
      // Another node's people are known of a moment later.
      await until(async () => (state = await a.ask('sync', { cursors: {} })).online.includes(bob.id), () => 'bob online');
      assert.deepEqual(Object.keys(state).sort(), ['chats', 'epoch', 'events', 'gaps', 'now', 'online']);
      assert.deepEqual([state.events, state.gaps], [[], []]);
      assert.ok(!state.online.includes(eve.id));
      const [chat] = state.chats;
      assert.deepEqual([chat.id, chat.kind, chat.title, chat.unread, chat.lastSeq], [chatId, 'private', null, 2, last.seq]);
      assert.deepEqual(chat.participants.sort(), [ann.id, bob.id].sort());
      isMessage(chat.lastMessage, { id: last.id });
      await a.ask('message:read', { messageId: last.id });
      const [read] = (await a.ask('sync', {})).chats;
      assert.deepEqual([read.unread, read.readSeq, read.deliveredSeq], [0, last.seq, last.seq]);
    });

    test('an answer has an end: chats that do not fit it are gaps', async () => {
      const [one, ...others] = await registerAll(server, 'One', 'Two', 'Three', 'Four');
      const chats = [];
      for (const other of others) chats.push(await chatOf(server, one, other));
      const fill = async (chat, count, content) => {
        const body = { content };
        for (let n = 0; n < count; n += 50) {
          await Promise.all(Array.from({ length: Math.min(50, count - n) }, () => post(server, `/chats/${chat}/messages`, { token: one.token, body })));
        }
      };
      await fill(chats[0], 600, 'short');
      await fill(chats[1], 600, 'short');
      await fill(chats[2], 40, 'x'.repeat(16_000));
      const socket = await online(others[0]);
      socket.close();
      const mine = await online(one);
      const cursors = Object.fromEntries(chats.map((chat) => [chat, 1]));
      const { events, gaps } = await mine.ask('sync', { cursors });
      assert.deepEqual(new Set(gaps).size, 2, 'one of the short ones, and the long one');
      assert.ok(gaps.includes(chats[2]));
      assert.equal(events.length, 600);
    });

    test('what was missed, in order; a gap when it is too much', async () => {
      const a = await online(ann);
      const [{ lastSeq }] = (await a.ask('sync', {})).chats;
      const sent = [await write(bob, 'x'), await write(ann, 'y'), await write(bob, 'z')];
      const b = await online(bob);
      await b.ask('message:pin', { messageId: sent[0].id });
      const { events, gaps } = await a.ask('sync', { cursors: { [chatId]: lastSeq, [randomUUID()]: 3 } });
      assert.deepEqual(gaps, []);
      assert.deepEqual(events.map(({ event }) => event), ['message', 'message', 'message', 'message:pinned']);
      assert.deepEqual(events.map(({ data }) => data.seq), [1, 2, 3, 4].map((n) => lastSeq + n));
      assert.deepEqual(events.slice(0, 3).map(({ data }) => data.content), ['x', 'y', 'z']);
      for (const { data } of events) assert.equal(data.chatId, chatId);
      const short = await a.ask('sync', { cursors: { [chatId]: lastSeq }, limit: 2 });
      assert.deepEqual([short.events, short.gaps], [[], [chatId]]);
      const none = await a.ask('sync', { cursors: { [chatId]: 1e12 } });
      assert.deepEqual([none.events, none.gaps], [[], []]);
    });

    test('from then on it hears all of its chats, new ones too, each event once', async () => {
      const a = await online(ann);
      await a.ask('sync', { cursors: {} });
      const { id } = await write(bob, 'to who follows');
      await a.hear('message', (message) => message.id === id);
      const e = await online(eve);
      const { chat } = await e.ask('chat:create', { title: 'Late', participants: [ann.id] });
      assert.equal((await a.hear('chat:created', (created) => created.chat.id === chat.id)).chat.title, 'Late');
      const hello = await e.ask('message', { chatId: chat.id, content: 'hello' });
      await a.hear('message', (message) => message.id === hello.id);
      await a.ask('chat:join', { chatId });
      await a.ask('chat:join', { chatId: chat.id });
      const more = await e.ask('message', { chatId: chat.id, content: 'more' });
      await a.settle();
      assert.equal(a.all('message').filter((message) => message.id === more.id).length, 1);
      assert.equal(a.all('message').filter((message) => message.id === hello.id).length, 1);
      // Another node's sockets have it a moment later.
      if (!server.nodes) assert.equal(more.status, 'DELIVERED');
    });

    test('a following sender hears of reads by one chat:cursor, not by single statuses', async () => {
      const a = await online(ann);
      await a.ask('sync', {});
      const sent = [await write(ann, '1'), await write(ann, '2'), await write(ann, '3')];
      const b = await online(bob);
      await b.ask('message:read', { messageId: sent[2].id });
      await a.hear('chat:cursor', ({ userId, readSeq }) => userId === bob.id && readSeq === sent[2].seq);
      await a.settle();
      assert.deepEqual(a.all('message:status'), []);
    });

    test('who is removed from a group hears chat:removed and nothing more', async () => {
      const [a, e] = [await online(ann), await online(eve)];
      await a.ask('sync', {});
      const { chat } = await e.ask('chat:create', { title: 'Short', participants: [ann.id] });
      await e.ask('member:remove', { chatId: chat.id, userId: ann.id });
      await a.hear('chat:removed', (removed) => removed.chatId === chat.id);
      await e.ask('message', { chatId: chat.id, content: 'alone' });
      await a.settle();
      assert.ok(!a.all('message').some((message) => message.chatId === chat.id));
      const { chats, events } = await a.ask('sync', { cursors: { [chat.id]: 0 } });
      assert.ok(!chats.some(({ id }) => id === chat.id));
      assert.deepEqual(events, []);
    });

    test('nothing falls between the answer and the room, however fast others write', async () => {
      const b = await online(bob);
      let writing = true;
      const texts = [];
      const writer = (async () => {
        for (let n = 0; writing || n < 50; n++) {
          texts.push(`flood ${n}`);
          await b.ask('message', { chatId, content: `flood ${n}` });
        }
      })();
      const held = new Map();
      const a = await online(ann);
      a.io.on('message', (message) => held.set(message.seq, message.content));
      const before = (await get(server, `/chats/${chatId}/messages?limit=1000`, { token: ann.token })).body;
      for (const message of before) held.set(message.seq, message.content);
      const { events, gaps } = await a.ask('sync', { cursors: { [chatId]: before.at(-1).seq } });
      for (const { data } of events) held.set(data.seq, data.content);
      assert.deepEqual(gaps, []);
      writing = false;
      await writer;
      await a.hear('message', ({ content }) => content === texts.at(-1));
      const seen = [...held].sort(([x], [y]) => x - y).map(([, content]) => content).filter((text) => text?.startsWith('flood'));
      assert.deepEqual(seen, texts);
    });
  });
}
