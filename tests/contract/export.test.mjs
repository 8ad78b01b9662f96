// `zvon export`: everything that is kept, and no secret.
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, registerAll, startServer, zvon } from '../harness/index.mjs';

describe('an export', () => {
  let server, ann, bob, eve, pair, group, sent, pinned;
  before(async () => {
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    pair = await chatOf(server, ann, bob);
    const [a, e] = [await connect(server, ann), await connect(server, eve)];
    group = (await a.ask('chat:create', { title: 'All', participants: [bob.id, eve.id] })).chat.id;
    // More than one page.
    const texts = Array.from({ length: 1203 }, (_, n) => `text ${n} "quoted" \n ё`);
    sent = await Promise.all(texts.map((content, n) => a.ask('message', { chatId: pair, content, clientId: `n${n}` })));
    pinned = await e.ask('message', { chatId: group, content: 'from eve' });
    await a.ask('message:pin', { chatId: group, messageId: pinned.id });
    const forward = await a.ask('message:forward', { messageId: pinned.id, toChatId: pair });
    assert.ok(!forward.status || forward.status !== 'error', JSON.stringify(forward));
    await a.ask('chat:update', { chatId: group, title: 'Everybody' });
    await a.ask('member:remove', { chatId: group, userId: eve.id });
    for (const socket of [a, e]) socket.close();
  });
  after(() => server.finish());

  async function exported(...args) {
    const { code, out, err } = await zvon(server, ['export', ...args]);
    assert.equal(code, 0, err);
    for (const secret of [ann.password, ann.token, 'argon2', 'refreshNonce']) assert.ok(!out.includes(secret), secret);
    return JSON.parse(out);
  }

  test('of a user: account, sessions, memberships, their messages and pins', async () => {
    const all = await exported('--user', ann.email);
    assert.deepEqual(all.user.id, ann.id);
    assert.deepEqual(Object.keys(all.user).sort(), ['createdAt', 'disabledAt', 'email', 'id', 'lastSeen', 'name']);
    assert.equal(all.sessions.length, 1);
    assert.deepEqual(all.chats.map(({ chat }) => chat.id).sort(), [pair, group].sort());
    const [inPair, inGroup] = [pair, group].map((id) => all.chats.find(({ chat }) => chat.id === id));
    assert.equal(inPair.messages.length, sent.length + 1, 'and the forwarded one');
    assert.deepEqual(inPair.messages.slice(0, -1).map(({ id, content, clientId }) => [id, content, clientId]),
      sent.toSorted((x, y) => x.seq - y.seq).map(({ id, content, clientId }) => [id, content, clientId]));
    assert.equal(inPair.messages.at(-1).forwardedFrom, pinned.id);
    assert.equal(inPair.messages.at(-1).originalSender, eve.id);
    assert.deepEqual(inGroup.messages, []);
    assert.deepEqual(inGroup.pins.map(({ messageId }) => messageId), [pinned.id]);
    const { readSeq, deliveredSeq, role, leftSeq } = inPair.membership;
    assert.ok(readSeq <= deliveredSeq && deliveredSeq >= sent.length);
    assert.deepEqual([role, leftSeq], ['member', null]);
  });

  test('of a user who was removed: the chat is still in it', async () => {
    const [only] = (await exported('--user', eve.id)).chats;
    assert.equal(only.chat.id, group);
    assert.ok(only.membership.leftSeq > only.membership.joinedSeq);
    assert.deepEqual(only.messages.map(({ content }) => content), ['from eve']);
  });

  test('of a chat: its members, and its log without a gap', async () => {
    const all = await exported('--chat', group);
    assert.equal(all.chat.title, 'Everybody');
    assert.deepEqual(all.log.map(({ seq }) => seq), Array.from({ length: all.chat.lastSeq }, (_, n) => n + 1));
    assert.deepEqual(all.log.map(({ kind }) => kind), ['created', 'message', 'pinned', 'renamed', 'member-removed']);
    assert.equal(all.log[1].message.content, 'from eve');
    assert.equal(all.log[1].message.pinnedBy, ann.id);
    assert.deepEqual(all.log[2].target, { messageId: pinned.id, seq: all.log[1].seq });
    assert.equal(all.log[4].subject.userId, eve.id);
    assert.equal(all.members.length, 3);
    const long = await exported('--chat', pair);
    assert.deepEqual(long.log.map(({ seq }) => seq), Array.from({ length: sent.length + 2 }, (_, n) => n + 1));
    const page = (await get(server, `/chats/${pair}/messages?limit=5`, { token: ann.token })).body;
    assert.deepEqual(long.log.slice(-5).map(({ message, at }) => [message.id, message.content, at]),
      page.map(({ id, content, createdAt }) => [id, content, createdAt]));
  });

  test('to a file: for its owner alone, never over another, gone if it fails', async () => {
    const out = join(server.data, 'export.json');
    assert.equal((await zvon(server, ['export', '--chat', group, '--out', out])).code, 0);
    assert.equal((await stat(out)).mode & 0o777, 0o600);
    const before = await readFile(out, 'utf8');
    assert.equal(JSON.parse(before).chat.id, group);
    const again = await zvon(server, ['export', '--chat', pair, '--out', out]);
    assert.equal(again.code, 1);
    assert.match(again.err, /export\.json: File exists/);
    assert.equal(await readFile(out, 'utf8'), before);
    const other = join(server.data, 'none.json');
    const none = await zvon(server, ['export', '--user', 'nobody@example.org', '--out', other]);
    assert.equal(none.code, 1);
    await assert.rejects(stat(other), { code: 'ENOENT' });
  });

  test('one of user and chat has to be named', async () => {
    for (const args of [[], ['--user', ann.id, '--chat', pair], ['--chat', 'no-id']]) {
      assert.equal((await zvon(server, ['export', ...args])).code, 2, args.join(' '));
    }
  });
});
