// Retention: what a chat does not keep goes, everywhere, and nothing else does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, done, get, isoTime, post, registerAll, startServer, until } from '../harness/index.mjs';

const patience = 30_000;

describe('retention', () => {
  let server, ann, bob, eve, a, b, count = 0;
  before(async () => {
    server = await startServer({ env: { ZVON_RETENTION__SWEEP_EVERY: '200ms' } });
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    [a, b] = await Promise.all([ann, bob].map((person) => connect(server, person)));
  });
  after(async () => {
    for (const socket of [a, b]) socket.close();
    await server.finish();
  });

  /** A group of Ann (admin) and Bob, which both look at, with so many messages of hers. */
  async function group(messages, more = {}) {
    const { chat: { id: chatId } } = await a.ask('chat:create', { title: 'Team', participants: [bob.id] });
    for (const socket of [a, b]) assert.equal((await socket.ask('chat:join', { chatId })).status, 'ok');
    const sent = [];
    while (sent.length < messages) {
      const some = Array.from({ length: Math.min(64, messages - sent.length) }, () => `text ${(count += 1)} of many`);
      sent.push(...(await Promise.all(some.map((content) => a.ask('message', { chatId, content, ...more })))));
    }
    return { chatId, sent };
  }
  const keep = async (chatId, wanted) => assert.deepEqual(await a.ask('chat:retention', { chatId, ...wanted }), { status: 'ok' });
  const history = async (chatId, query = '') => (await get(server, `/chats/${chatId}/messages${query}`, { token: bob.token })).body;
  /** Until all messages before this one are gone. */
  const gone = (chatId, first) => b.hear('messages:expired', (heard) => heard.chatId === chatId && heard.uptoSeq === first.seq - 1, patience);
  const exported = async (chatId) => JSON.parse(await done(server, ['export', '--chat', chatId]));

  test('an admin says how many messages stay; the others go, for everybody', async () => {
    const { chatId, sent } = await group(600);
    await b.ask('message:pin', { messageId: sent[3].id });
    await b.ask('message:pin', { messageId: sent[598].id });
    await history(chatId, '?limit=1000');
    await keep(chatId, { maxCount: 5 });
    const { at, seq, ...changed } = await b.hear('retention:changed', (heard) => heard.chatId === chatId);
    assert.match(at, isoTime);
    assert.deepEqual(changed, { chatId, retention: { maxAgeMs: null, maxCount: 5 }, by: ann.id });
    const last = await gone(chatId, sent[595]);
    assert.match(last.at, isoTime);
    const told = b.all('messages:expired').filter((heard) => heard.chatId === chatId);
    assert.ok(told.length >= 3, 'in batches');
    assert.deepEqual(told.map((heard) => heard.seq), told.map((_, n) => seq + 1 + n), 'each has its place');
    assert.deepEqual((await history(chatId)).map(({ id }) => id), sent.slice(595).map(({ id }) => id));
    assert.deepEqual(await history(chatId, `?before=${sent[595].seq}`), [], 'paging back ends');
    assert.deepEqual(await history(chatId, `?before=${sent[40].seq}`), []);
    assert.equal((await history(chatId, '?after=0&limit=3')).length, 3);
    assert.equal((await history(chatId, `?around=${sent[10].seq}`)).length, 5);
    assert.equal((await get(server, `/messages/${sent[0].id}`, { token: ann.token })).status, 404);
    const { messages } = await b.ask('chat:get-pinned', { chatId });
    assert.deepEqual(messages.map(({ id }) => id), [sent[598].id]);
    const shown = (await get(server, `/chats/${chatId}/retention`, { token: bob.token })).body;
    assert.deepEqual(shown, { own: { maxAgeMs: null, maxCount: 5 }, effective: { maxAgeMs: null, maxCount: 5 } });
    const more = await a.ask('message', { chatId, content: 'one more' });
    await gone(chatId, sent[596]);
    assert.deepEqual((await history(chatId)).map(({ id }) => id), [...sent.slice(596), more].map(({ id }) => id), 'and so on');
  });

  test('who comes back hears of it, or that too much is missing', async () => {
    const { chatId, sent } = await group(20);
    const seen = await b.ask('sync', { cursors: {} });
    assert.equal(seen.chats.find(({ id }) => id === chatId).expiredSeq, 0);
    await keep(chatId, { maxCount: 3 });
    await gone(chatId, sent[17]);
    const state = ({ chats }) => chats.find(({ id }) => id === chatId);
    const all = await b.ask('sync', { cursors: { [chatId]: sent[19].seq } });
    const events = all.events.filter(({ data }) => data.chatId === chatId);
    assert.deepEqual(events.map(({ event }) => event), ['retention:changed', 'messages:expired']);
    assert.deepEqual([all.gaps, state(all).expiredSeq], [[], sent[16].seq]);
    const behind = await b.ask('sync', { cursors: { [chatId]: sent[5].seq } });
    assert.deepEqual(behind.gaps, [chatId]);
    assert.deepEqual(behind.events.filter(({ data }) => data.chatId === chatId), []);
    const near = await b.ask('sync', { cursors: { [chatId]: sent[16].seq } });
    assert.deepEqual(near.gaps, [], 'nothing that is missing has expired');
    assert.deepEqual(near.events.map(({ event }) => event), ['message', 'message', 'message', 'retention:changed', 'messages:expired']);
  });

  test('what went is not unread, and not the newest message', async () => {
    const { chat: { id: chatId } } = await a.ask('chat:create', { title: 'Unread', participants: [eve.id] });
    const sent = [];
    for (let n = 0; n < 8; n++) sent.push(await a.ask('message', { chatId, content: `unread ${n}` }));
    const e = await connect(server, eve);
    const of = async () => (await e.ask('sync', { cursors: {} })).chats.find(({ id }) => id === chatId);
    assert.equal((await of()).unread, 8);
    await keep(chatId, { maxCount: 2 });
    await e.hear('messages:expired', ({ uptoSeq }) => uptoSeq === sent[5].seq, patience);
    const state = await of();
    assert.deepEqual([state.unread, state.lastMessage.id], [2, sent[7].id]);
    e.close();
  });

  test('a message that went is not sent, forwarded or pinned again; its copies stay', async () => {
    const { chatId } = await group(0);
    const first = await a.ask('message', { chatId, content: 'the original', clientId: `first of ${chatId}` });
    const own = await chatOf(server, ann, eve);
    const copy = (await a.ask('message:forward', { messageId: first.id, toChatId: own })).message;
    for (const content of ['two', 'three']) await a.ask('message', { chatId, content });
    await keep(chatId, { maxCount: 1 });
    await until(async () => (await history(chatId)).length === 1, () => 'all but one gone', patience);
    const again = await a.ask('message', { chatId, content: 'the original', clientId: `first of ${chatId}` });
    assert.deepEqual([again.id, again.seq, again.content], [first.id, first.seq, '']);
    assert.equal((await history(chatId)).length, 1, 'not a second time');
    const forward = await a.ask('message:forward', { messageId: first.id, toChatId: own });
    assert.equal(forward.message, 'User does not have access to original message');
    for (const event of ['message:pin', 'message:unpin', 'message:read']) {
      assert.equal((await a.ask(event, { messageId: first.id })).message, 'User is not a participant of this chat', event);
    }
    const kept = (await get(server, `/messages/${copy.id}`, { token: ann.token })).body;
    assert.deepEqual([kept.content, kept.forwardedFromId], ['the original', first.id]);
  });

  test('what cannot be meant is refused, and what is so already', async () => {
    const { chatId } = await group(1);
    for (const wrong of [{ maxAgeMs: 59_999 }, { maxAgeMs: -1 }, { maxCount: 1.5 }, { maxCount: 2_000_000_000 }, { maxAgeMs: '1d' }]) {
      const ack = await a.ask('chat:retention', { chatId, ...wrong });
      assert.deepEqual([ack.status, ack.code], ['error', 'INVALID'], JSON.stringify(wrong));
    }
    await keep(chatId, { maxAgeMs: 60_000, maxCount: 0 });
    const again = await a.ask('chat:retention', { chatId, maxAgeMs: 60_000, maxCount: 0 });
    assert.deepEqual([again.code, again.message], ['CONFLICT', 'The chat already keeps messages so long']);
    const pair = await chatOf(server, ann, bob);
    assert.equal((await a.ask('chat:retention', { chatId: pair, maxCount: 1 })).status, 'error');
    const { status, body } = await post(server, `/chats/${chatId}/retention`, { token: ann.token, body: {} });
    assert.deepEqual([status, body.own], [200, { maxAgeMs: null, maxCount: null }]);
    assert.equal((await history(chatId)).length, 1, 'nothing went');
  });

  test('of what went no text is left: in no file, no table, no cache, no export', async () => {
    const { chatId, sent } = await group(150);
    for (const person of [ann, bob]) {
      for (const query of ['?limit=1000', '?after=0&limit=70']) await get(server, `/chats/${chatId}/messages${query}`, { token: person.token });
    }
    await a.ask('message:pin', { messageId: sent[0].id });
    for (const socket of [a, b]) await socket.ask('chat:get-pinned', { chatId });
    await keep(chatId, { maxCount: 10 });
    await gone(chatId, sent[140]);
    const { log } = await exported(chatId);
    assert.deepEqual(log.filter(({ kind }) => kind === 'message').map(({ seq }) => seq), sent.slice(140).map(({ seq }) => seq));
    assert.deepEqual(log.map(({ seq }) => seq), log.map((_, n) => n + 1), 'dense');
    const left = () => {
      const bytes = server.dump();
      return sent.slice(0, 140).filter(({ content }) => bytes.includes(content)).map(({ content }) => content);
    };
    await history(chatId);
    await server.stop();
    const found = left();
    await server.start();
    assert.deepEqual(found, []);
    await until(() => [a, b].every(({ io }) => io.connected), () => 'back');
  });

  test('killed in the middle, it goes on, and nothing is half done', async () => {
    const { chatId, sent } = await group(1500);
    await keep(chatId, { maxCount: 7 });
    await b.hear('messages:expired', (heard) => heard.chatId === chatId, patience);
    await server.kill();
    await server.start();
    await until(async () => (await history(chatId, '?limit=1000')).length === 7, () => 'seven left', patience);
    const { log } = await exported(chatId);
    assert.deepEqual(log.map(({ seq }) => seq), log.map((_, n) => n + 1), 'dense');
    const expired = log.filter(({ kind }) => kind === 'expired').map(({ stretch }) => stretch);
    assert.ok(expired.length >= 6, `${expired.length} batches`);
    expired.forEach(({ after }, n) => assert.equal(after, n === 0 ? 0 : expired[n - 1].upto, 'each from where the last one ended'));
    assert.equal(expired.at(-1).upto, sent[1492].seq);
    assert.equal(log.filter(({ kind }) => kind === 'emptied').length, 1493);
    const states = JSON.parse(await done(server, ['jobs', 'status', '--json']));
    assert.ok(states.some(({ job, trouble }) => job === 'retention' && trouble === null), JSON.stringify(states));
  });
});
