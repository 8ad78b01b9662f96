// Groups: decision 0.1.10.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { connect, describe, get, isoTime, registerAll, startServer } from '../harness/index.mjs';

describe('groups', () => {
  let server, ann, bob, eve, a, b, e;
  before(async () => {
    server = await startServer({ env: { ZVON_CHAT__GROUP_MAX: '4' } });
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    [a, b, e] = await Promise.all([ann, bob, eve].map((person) => connect(server, person)));
  });
  after(async () => {
    for (const socket of [a, b, e]) socket.close();
    await server.finish();
  });
  beforeEach(() => Promise.all([a, b, e].map((socket) => socket.forget())));

  /** A group of Ann (admin) and Bob whose room both have joined. */
  async function group(...others) {
    const { chat } = await a.ask('chat:create', { title: 'Team', participants: [bob.id, ...others.map(({ id }) => id)] });
    for (const socket of [a, b]) await socket.ask('chat:join', { chatId: chat.id });
    return chat.id;
  }
  const members = async (chatId, person = ann) => (await get(server, `/chats/${chatId}`, { token: person.token })).body.participants;

  test('chat:create: the creator is admin, everybody hears chat:created', async () => {
    const ack = await a.ask('chat:create', { title: '  Team  ', participants: [bob.id, bob.id, ann.id] });
    assert.equal(ack.status, 'ok');
    const { chat } = ack;
    assert.deepEqual([chat.kind, chat.title, chat.createdBy], ['group', 'Team', ann.id]);
    assert.deepEqual(chat.participants.sort(), [ann.id, bob.id].sort());
    const roles = Object.fromEntries(chat.members.map(({ userId, role }) => [userId, role]));
    assert.deepEqual(roles, { [ann.id]: 'admin', [bob.id]: 'member' });
    for (const socket of [a, b]) assert.equal((await socket.hear('chat:created')).chat.id, chat.id);
    await e.settle();
    assert.deepEqual(e.all('chat:created'), []);
  });

  test('member:add: the room hears of it, the new member hears chat:created and may write', async () => {
    const chatId = await group();
    assert.deepEqual(await a.ask('member:add', { chatId, userId: eve.id }), { status: 'ok' });
    const heard = await b.hear('member:added');
    assert.match(heard.at, isoTime);
    const { at, seq, ...rest } = heard;
    assert.deepEqual(rest, { chatId, userId: eve.id, name: 'Eve', by: ann.id, role: 'member' });
    assert.ok(seq > 1);
    assert.equal((await e.hear('chat:created')).chat.id, chatId);
    await e.ask('chat:join', { chatId });
    const { id } = await e.ask('message', { chatId, content: 'hello all' });
    for (const socket of [a, b, e]) await socket.hear('message', (message) => message.id === id);
    const again = await a.ask('member:add', { chatId, userId: eve.id });
    assert.deepEqual([again.status, again.message], ['error', 'User is already a participant of this chat']);
  });

  test('member:remove: the removed hear chat:removed and nothing after it', async () => {
    const chatId = await group(eve);
    await e.ask('chat:join', { chatId });
    assert.deepEqual(await a.ask('member:remove', { chatId, userId: eve.id }), { status: 'ok' });
    assert.deepEqual(await e.hear('chat:removed'), { chatId });
    await b.hear('member:removed', ({ userId, by }) => userId === eve.id && by === ann.id);
    await a.ask('message', { chatId, content: 'without Eve' });
    await e.settle();
    assert.deepEqual(e.all('message'), []);
    const refused = await e.ask('message', { chatId, content: 'still here?' });
    assert.equal(refused.error.message, 'User is not a participant of this chat');
    assert.equal((await e.ask('chat:join', { chatId })).status, 'error');
    assert.equal((await get(server, `/chats/${chatId}/messages`, { token: eve.token })).status, 404);
    assert.deepEqual((await members(chatId)).sort(), [ann.id, bob.id].sort());
  });

  test('member:leave: the others hear of it; the last admin’s role passes on', async () => {
    const chatId = await group(eve);
    assert.deepEqual(await b.ask('member:leave', { chatId }), { status: 'ok' });
    assert.deepEqual(await b.hear('chat:removed'), { chatId });
    const left = await a.hear('member:left');
    assert.deepEqual([left.userId, left.by], [bob.id, bob.id]);
    assert.equal((await a.ask('member:leave', { chatId })).status, 'ok');
    const renamed = await e.ask('chat:update', { chatId, title: 'Mine now' });
    assert.equal(renamed.status, 'ok', 'a group with members has an admin');
  });

  test('member:role and chat:update: by admins alone', async () => {
    const chatId = await group(eve);
    const text = 'Only an admin of the group can do that';
    for (const [event, payload] of [
      ['member:add', { chatId, userId: eve.id }],
      ['member:remove', { chatId, userId: eve.id }],
      ['member:role', { chatId, userId: bob.id, role: 'admin' }],
      ['chat:update', { chatId, title: 'Bob’s' }],
    ]) {
      const { status, message } = await b.ask(event, payload);
      assert.deepEqual([status, message], ['error', text], event);
    }
    assert.equal((await a.ask('member:role', { chatId, userId: bob.id, role: 'admin' })).status, 'ok');
    const changed = await b.hear('member:changed');
    assert.deepEqual([changed.userId, changed.role, changed.by], [bob.id, 'admin', ann.id]);
    assert.equal((await b.ask('chat:update', { chatId, title: 'Bob’s' })).status, 'ok');
    const updated = await a.hear('chat:updated');
    assert.deepEqual([updated.chatId, updated.title, updated.by], [chatId, 'Bob’s', bob.id]);
    const same = await a.ask('member:role', { chatId, userId: bob.id, role: 'admin' });
    assert.deepEqual([same.status, same.message], ['error', 'User already has that role']);
  });

  test('the last admin cannot give the role up: nobody could be made one again', async () => {
    const chatId = await group(eve);
    const role = (userId, role) => a.ask('member:role', { chatId, userId, role });
    const refused = await role(ann.id, 'member');
    assert.deepEqual([refused.status, refused.message], ['error', 'A group needs an admin: make another one first']);
    assert.equal((await role(bob.id, 'admin')).status, 'ok');
    assert.equal((await role(ann.id, 'member')).status, 'ok');
    assert.equal((await b.ask('member:role', { chatId, userId: ann.id, role: 'admin' })).status, 'ok');
  });

  test('a group’s message is as far as the slowest of the others', async () => {
    const chatId = await group(eve);
    const { id, status } = await a.ask('message', { chatId, content: 'to all' });
    assert.equal(status, 'SENT', 'Eve has not joined');
    await e.ask('chat:join', { chatId });
    await a.hear('message:status', (told) => told.messageId === id && told.status === 'DELIVERED');
    await b.ask('message:read', { messageId: id });
    await a.settle();
    assert.equal(a.all('message:status').filter((told) => told.status === 'READ').length, 0);
    await e.ask('message:read', { messageId: id });
    await a.hear('message:status', (told) => told.messageId === id && told.status === 'READ');
  });

  test('private chats are no groups', async () => {
    const { chatId } = await a.ask('chat:get', { recipientId: bob.id });
    for (const [event, payload] of [
      ['member:add', { chatId, userId: eve.id }],
      ['member:leave', { chatId }],
      ['chat:update', { chatId, title: 'x' }],
    ]) {
      const { status, message } = await a.ask(event, payload);
      assert.deepEqual([status, message], ['error', 'That is possible in groups only'], event);
    }
    assert.deepEqual((await members(chatId)).sort(), [ann.id, bob.id].sort());
  });

  test('unknown people, too many of them, and titles', async () => {
    const make = (title, participants) => a.ask('chat:create', { title, participants });
    assert.equal((await make('x', [randomUUID()])).status, 'error');
    assert.equal((await make('x', Array.from({ length: 4 }, () => randomUUID()))).message, 'A group has at most 4 members');
    for (const title of ['', ' ', 'a\nb', 'x'.repeat(101)]) assert.equal((await make(title, [bob.id])).status, 'error');
    assert.equal((await make('x'.repeat(100), [])).status, 'ok');
    const chatId = await group(eve);
    assert.equal((await a.ask('member:add', { chatId, userId: randomUUID() })).message, 'User not found');
    assert.equal((await a.ask('member:remove', { chatId, userId: randomUUID() })).message, 'That user is not a participant of this chat');
    assert.equal((await a.ask('member:add', { chatId: randomUUID(), userId: bob.id })).message, 'User is not a participant of this chat');
  });

  test('a private chat is never mistaken for a group with the same two (F14)', async () => {
    const chatId = await group();
    const { chatId: direct } = await a.ask('chat:get', { recipientId: bob.id });
    assert.notEqual(direct, chatId);
    assert.equal((await b.ask('chat:get', { recipientId: ann.id })).chatId, direct);
  });
});
