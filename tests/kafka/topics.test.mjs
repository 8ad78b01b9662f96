// What stands in Kafka after a day's events of every kind: topics, envelope, keys and order, as the
// existing consumers read them. No secret is among it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, connect, describe, follow, givenKafka, isoTime, post, registerAll, signIn, startServer, until, uuid } from '../harness/index.mjs';

/** By topic: what its data must hold, and what its key is. (Optional fields end in "?".) */
const TOPICS = {
  'message.created': ['messageId chatId senderId content createdAt metadata?', 'chatId'],
  'message.forwarded': ['originalMessageId newMessageId fromChatId toChatId forwardedBy forwardedAt', 'toChatId'],
  'message.read': ['messageId chatId readBy readAt', 'chatId'],
  'message.pinned': ['messageId chatId pinnedBy pinnedAt', 'chatId'],
  'message.unpinned': ['messageId chatId unpinnedBy unpinnedAt', 'chatId'],
  'chat.created': ['chatId type createdBy participants createdAt', 'chatId'],
  'chat.updated': ['chatId updatedBy changes updatedAt', 'chatId'],
  'user.joined.chat': ['chatId userId addedBy? joinedAt', 'chatId'],
  'user.left.chat': ['chatId userId leftAt reason removedBy?', 'chatId'],
  'user.online': ['userId socketId connectedAt ip? userAgent?', 'userId'],
  'user.offline': ['userId socketId disconnectedAt sessionDuration', 'userId'],
  'analytics.message': ['messageId chatId senderId messageLength hasMedia timestamp', 'chatId'],
  'analytics.user.activity': ['userId activityType chatId? metadata? timestamp', 'userId'],
  'audit.log': ['userId action resource resourceId result ip? userAgent? details? timestamp', 'userId'],
  'session.started': ['userId sessionId ip? userAgent? startedAt', 'userId'],
  'session.ended': ['userId sessionId reason endedAt', 'userId'],
};

describe('the topics of Kafka', () => {
  let kafka, server, told, ann, bob, eve, first, second, group;
  const isRefused = ({ userId, result }) => userId === ann.id && result === 'failure';
  before(async () => {
    kafka = await givenKafka();
    server = await startServer({ env: { KAFKA_BROKERS: kafka.brokers, KAFKA_CLIENT_ID: `tests-${process.pid}` } });
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    const [a, b, e] = await Promise.all([ann, bob, eve].map((person) => connect(server, person)));
    const chat = (await a.ask('chat:get', { recipientId: bob.id })).chatId;
    for (const socket of [a, b]) await socket.ask('chat:join', { chatId: chat });
    first = await a.ask('message', { chatId: chat, content: 'the first text of all' });
    await b.ask('message:read', { messageId: first.id });
    second = await b.ask('message', { chatId: chat, content: 'and an answer 😀' });
    await b.ask('message:pin', { messageId: first.id });
    await b.ask('message:unpin', { messageId: first.id });
    group = (await a.ask('chat:create', { title: 'Team', participants: [bob.id] })).chat.id;
    await a.ask('member:add', { chatId: group, userId: eve.id });
    await a.ask('member:role', { chatId: group, userId: eve.id, role: 'admin' });
    await a.ask('chat:update', { chatId: group, title: 'The team' });
    await a.ask('message:forward', { messageId: second.id, toChatId: group });
    await a.ask('member:remove', { chatId: group, userId: bob.id });
    await e.ask('member:leave', { chatId: group });
    const other = await signIn(server, ann);
    await post(server, '/auth/login', { body: { email: ann.email, password: 'not the password' } });
    await call(server, 'POST', '/auth/logout', { token: other.token });
    for (const socket of [a, b, e]) socket.close();
    // The topics are made at the first need.
    const names = () => kafka.admin((admin) => admin.listTopics());
    await until(async () => (await names()).includes('message.created'), () => `no topics: ${server.logs.slice(-3000)}`, 60_000);
    told = await follow(kafka.brokers, Object.keys(TOPICS));
    const people = new Set([ann.id, bob.id, eve.id]);
    told.ours = (topic) => told.of(topic, (data) => [data.userId, data.senderId, data.createdBy, data.readBy, data.pinnedBy, data.unpinnedBy, data.forwardedBy, data.updatedBy].some((id) => people.has(id)));
    const missing = () => Object.keys(TOPICS).filter((topic) => told.ours(topic).length === 0);
    // The last of what was done: each topic has its own pace.
    const several = { 'user.offline': 3, 'message.created': 3, 'chat.updated': 2, 'user.left.chat': 2 };
    const isOver = () => told.of('audit.log', isRefused).length === 1 && Object.entries(several).every(([topic, count]) => told.ours(topic).length >= count);
    await until(() => missing().length === 0 && isOver(), () => `nothing on ${missing()}: ${JSON.stringify(told.records)}`, 60_000);
  });
  after(async () => {
    await told?.close();
    await server?.finish();
    await kafka?.finish();
  });

  for (const [topic, [fields, key]] of Object.entries(TOPICS)) {
    test(`${topic}: the envelope, ${key} as its key, no field too many`, () => {
      for (const record of told.ours(topic)) {
        const { eventId, eventType, timestamp, version, seq, data, ...rest } = record.value;
        assert.deepEqual(rest, {});
        assert.match(eventId, /^\d{13}-[0-9a-z]{1,13}$/);
        assert.equal(eventType, topic);
        assert.equal(version, '1.0.0');
        assert.ok(Number.isInteger(timestamp) && Math.abs(timestamp - Date.now()) < 600_000, `${timestamp}`);
        assert.ok(seq === undefined || seq >= 1);
        const names = fields.split(' ');
        for (const name of names.filter((name) => !name.endsWith('?'))) assert.ok(name in data, `${name}: ${JSON.stringify(data)}`);
        const known = names.map((name) => name.replace('?', ''));
        assert.deepEqual(Object.keys(data).filter((name) => !known.includes(name)), []);
        for (const [name, value] of Object.entries(data)) {
          if (/At$/.test(name) || name === 'timestamp') assert.match(value, isoTime, name);
          if (/(messageId|chatId|userId|senderId)$/i.test(name) && value !== null) assert.match(value, uuid, name);
        }
        assert.equal(record.key, data[key]);
      }
    });
  }

  test('each event once, with an id of its own; of a key in the order of its log', () => {
    const ids = told.records.map(({ value }) => value.eventId);
    assert.equal(new Set(ids).size, ids.length);
    const last = new Map();
    for (const { topic, key, value: { seq } } of told.records) {
      // A person's key goes through the logs of several chats.
      if (seq === undefined || TOPICS[topic][1] === 'userId') continue;
      assert.ok(seq >= (last.get(`${topic} ${key}`) ?? 0), `${topic} of ${key}: ${seq}`);
      last.set(`${topic} ${key}`, seq);
    }
  });

  test('what they say is what happened', () => {
    const one = (topic, fits) => {
      const found = told.of(topic, fits);
      assert.equal(found.length, 1, `${topic}: ${JSON.stringify(found)}`);
      return found[0].value.data;
    };
    const created = one('message.created', ({ messageId }) => messageId === first.id);
    assert.deepEqual([created.content, created.senderId], ['the first text of all', ann.id]);
    assert.equal(one('analytics.message', ({ messageId }) => messageId === second.id).messageLength, 'and an answer 😀'.length);
    const read = one('message.read', ({ messageId }) => messageId === first.id);
    assert.equal(read.readBy, bob.id);
    const forwarded = one('message.forwarded', ({ toChatId }) => toChatId === group);
    assert.deepEqual([forwarded.originalMessageId, forwarded.forwardedBy], [second.id, ann.id]);
    one('message.created', ({ messageId }) => messageId === forwarded.newMessageId);
    assert.deepEqual(one('chat.created', ({ chatId }) => chatId === group).type, 'group');
    assert.equal(one('user.joined.chat', ({ chatId, userId }) => chatId === group && userId === eve.id).addedBy, ann.id);
    assert.equal(one('user.left.chat', ({ chatId, userId }) => chatId === group && userId === bob.id).reason, 'removed');
    assert.equal(one('user.left.chat', ({ chatId, userId }) => chatId === group && userId === eve.id).reason, 'left');
    const changes = told.of('chat.updated', ({ chatId }) => chatId === group).map(({ value }) => value.data.changes);
    assert.ok(changes.some(({ title }) => title === 'The team') && changes.some(({ member, role }) => member === eve.id && role === 'admin'));
    assert.equal(told.of('audit.log', isRefused).length, 1);
    assert.equal(told.of('session.ended', ({ userId }) => userId === ann.id).length, 1);
    for (const { id } of [ann, bob, eve]) assert.equal(told.of('user.online', ({ userId }) => userId === id).length, 1);
  });

  test('no password, token, hash or address of mail is among it', () => {
    const all = JSON.stringify(told.records);
    for (const { email, password, token } of [ann, bob, eve]) {
      for (const secret of [email, password, token]) assert.ok(!all.includes(secret));
    }
    assert.doesNotMatch(all, /argon2|\$2[aby]\$/);
  });
});
