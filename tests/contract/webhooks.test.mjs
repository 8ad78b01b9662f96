// Webhooks: events of a group, or all events, at another system's HTTP server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  call, chatOf, connect, describe, done, get, isSigned, post, registerAll, startReceiver, startServer, until,
} from '../harness/index.mjs';

const ALLOWED = { ZVON_WEBHOOKS__ALLOWED_NETWORKS: '127.0.0.1/32' };

async function groupOf(server, admin, ...others) {
  const socket = await connect(server, admin);
  const { chat } = await socket.ask('chat:create', { title: 'All', participants: others.map(({ id }) => id) });
  socket.close();
  return chat.id;
}

const make = (server, { token }, body) => post(server, '/api/webhooks', { token, body });
const send = (server, { token }, chat, content) => post(server, `/chats/${chat}/messages`, { token, body: { content } });
const log = async (server, { token }, id) => (await get(server, `/api/webhooks/${id}/deliveries`, { token })).body;

describe('a webhook', () => {
  let server, receiver, ann, bob, eve, group;
  const failing = new Set();
  before(async () => {
    server = await startServer({ env: ALLOWED });
    receiver = await startReceiver(({ body, path }) => (failing.has(path) || failing.has(body?.data?.content) ? 500 : 204));
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    group = await groupOf(server, ann, bob);
  });
  after(async () => {
    await receiver.close();
    await server.finish();
  });

  test('is told of its group’s events, signed, each once, and of nothing else', async () => {
    const { status, body: { webhook, secret } } = await make(server, ann, { url: receiver.url, chatId: group });
    assert.equal(status, 201);
    server.secrets.add(secret);
    assert.deepEqual([webhook.chatId, webhook.url, webhook.enabled, webhook.createdBy], [group, receiver.url, true, ann.id]);
    const pair = await chatOf(server, ann, eve);
    await send(server, ann, pair, 'between us');
    const sent = [];
    for (let n = 0; n < 20; n++) sent.push((await send(server, bob, group, `text ${n} ё "quoted"`)).body);
    await until(() => receiver.of('message.created').length >= 20, () => `${receiver.taken.length} came`);
    const created = receiver.of('message.created');
    assert.deepEqual(created.map(({ body }) => body.data.messageId).sort(), sent.map(({ id }) => id).sort());
    for (const one of receiver.taken) {
      assert.ok(isSigned(one, secret), one.text);
      assert.ok(!isSigned(one, `${secret}x`));
      assert.equal(one.headers['content-type'], 'application/json');
      assert.equal(one.headers['x-zvon-event-id'], one.body.eventId);
      assert.equal(one.headers['x-zvon-webhook'], webhook.id);
      assert.equal(one.body.data.chatId, group);
      assert.equal(one.body.eventType, one.headers['x-zvon-event']);
    }
    const [first] = created.filter(({ body }) => body.data.messageId === sent[0].id);
    assert.deepEqual([first.body.seq, first.body.data.content, first.body.data.senderId], [sent[0].seq, sent[0].content, bob.id]);
    await until(async () => (await log(server, ann, webhook.id)).every(({ state }) => state === 'delivered'), () => 'all is written down');
    const deliveries = await log(server, ann, webhook.id);
    assert.ok(deliveries.length >= 20);
    for (const { state, tries, last, eventId } of deliveries) {
      assert.deepEqual([state, tries, last.status], ['delivered', 1, 204]);
      assert.ok(receiver.taken.some(({ body }) => body.eventId === eventId));
    }
    assert.ok(!(await get(server, `/api/webhooks?chatId=${group}`, { token: ann.token })).text.includes(secret));
    assert.equal((await call(server, 'DELETE', `/api/webhooks/${webhook.id}`, { token: ann.token })).status, 204);
    const count = receiver.taken.length;
    await send(server, bob, group, 'unheard');
    const { body: other } = await make(server, ann, { url: receiver.url, chatId: group, topics: ['message.created'] });
    server.secrets.add(other.secret);
    await send(server, bob, group, 'heard');
    await until(() => receiver.taken.length > count, () => 'the new one hears');
    assert.ok(!receiver.taken.some(({ body }) => body.data.content === 'unheard'), 'the old one does not, nor the new one what was before it');
    await call(server, 'DELETE', `/api/webhooks/${other.webhook.id}`, { token: ann.token });
  });

  test('hears from its making on, though nobody listened before, and of its group alone', async () => {
    const other = await groupOf(server, ann, bob);
    let talks = true;
    const talking = (async () => {
      for (let n = 0; talks; n++) await send(server, bob, other, `beside ${n}`);
    })();
    for (let round = 0; round < 8; round++) {
      await send(server, bob, group, `before ${round}`);
      const url = `${receiver.url}/round/${round}`;
      const { body: { webhook, secret } } = await make(server, ann, { url, chatId: group, topics: ['message.created'] });
      server.secrets.add(secret);
      for (const n of [1, 2, 3]) await send(server, bob, group, `after ${round} ${n}`);
      const came = () => receiver.taken.filter(({ path }) => path.endsWith(`/round/${round}`)).map(({ body }) => body.data.content);
      await until(() => came().length >= 3, () => `round ${round}: ${came()}`);
      assert.deepEqual(came().sort(), [1, 2, 3].map((n) => `after ${round} ${n}`));
      await call(server, 'DELETE', `/api/webhooks/${webhook.id}`, { token: ann.token });
      await new Promise((resolve) => setTimeout(resolve, 100 * round));
    }
    talks = false;
    await talking;
  });

  test('hears the topics it wants', async () => {
    const { body: { webhook, secret } } = await make(server, ann, { url: `${receiver.url}/topics`, chatId: group, topics: ['message.pinned', 'user.joined.chat'] });
    server.secrets.add(secret);
    const { body: { id } } = await send(server, ann, group, 'to be pinned');
    const socket = await connect(server, ann);
    await socket.ask('message:pin', { messageId: id });
    await socket.ask('member:add', { chatId: group, userId: eve.id });
    const mine = () => receiver.taken.filter(({ path }) => path === '/hook/topics');
    await until(() => mine().length >= 2, () => `${mine().length} came`);
    assert.deepEqual(mine().map(({ headers }) => headers['x-zvon-event']).sort(), ['message.pinned', 'user.joined.chat']);
    await socket.ask('member:remove', { chatId: group, userId: eve.id });
    socket.close();
    await call(server, 'DELETE', `/api/webhooks/${webhook.id}`, { token: ann.token });
  });

  test('is tried again, with the same event and another signature, and says that it fails', async () => {
    const { body: { webhook, secret } } = await make(server, ann, { url: `${receiver.url}/again`, chatId: group, topics: ['message.created'] });
    server.secrets.add(secret);
    failing.add('please fail');
    await send(server, ann, group, 'please fail');
    const mine = () => receiver.taken.filter(({ path }) => path === '/hook/again');
    await until(() => mine().length >= 1, () => 'the first try');
    await until(async () => (await log(server, ann, webhook.id))[0].tries === 1, () => 'it is written down');
    const [waits] = await log(server, ann, webhook.id);
    assert.deepEqual([waits.state, waits.last.status], ['waiting', 500]);
    assert.ok(waits.nextTryAt > waits.last.at);
    const [shown] = (await get(server, `/api/webhooks?chatId=${group}`, { token: ann.token })).body;
    assert.ok(shown.failingSince && shown.enabled);
    failing.clear();
    await until(() => mine().length >= 2, () => 'the second try');
    const [one, two] = mine();
    assert.equal(one.text, two.text);
    assert.deepEqual([one, two].map(({ headers }) => headers['x-zvon-attempt']), ['1', '2']);
    assert.ok(isSigned(two, secret) && two.at - one.at >= 4500);
    await until(async () => (await log(server, ann, webhook.id))[0].state === 'delivered', () => 'it is delivered');
    const [well] = (await get(server, `/api/webhooks?chatId=${group}`, { token: ann.token })).body;
    assert.equal(well.failingSince, undefined);
    await call(server, 'DELETE', `/api/webhooks/${webhook.id}`, { token: ann.token });
  });

  test('can be tried by a test call, which follows no redirect and tells nothing of the answer', async () => {
    const answers = { '/ok': 200, '/gone': 404, '/away': { status: 302, headers: { location: `${receiver.url}/secret` } } };
    const other = await startReceiver(({ path }) => answers[path.slice(5)]);
    for (const [path, state, status] of [['/ok', 'delivered', 200], ['/gone', 'failed', 404], ['/away', 'failed', 302]]) {
      const { body: { webhook, secret } } = await make(server, ann, { url: `${other.url}${path}`, chatId: group });
      const answer = await post(server, `/api/webhooks/${webhook.id}/test`, { token: ann.token });
      assert.deepEqual([answer.status, answer.body.state, answer.body.last.status], [200, state, status]);
      assert.ok(!answer.text.includes('nobody'));
      const one = other.taken.at(-1);
      assert.ok(isSigned(one, secret));
      assert.deepEqual([one.body.eventType, one.body.data.chatId, one.method], ['webhook.test', group, 'POST']);
      assert.deepEqual((await log(server, ann, webhook.id)).map(({ id }) => id), [answer.body.id]);
      await call(server, 'DELETE', `/api/webhooks/${webhook.id}`, { token: ann.token });
    }
    assert.ok(!receiver.taken.some(({ path }) => path.endsWith('/secret')));
    await other.close();
    const { body: { webhook } } = await make(server, ann, { url: `${other.url}/ok`, chatId: group });
    const { body } = await post(server, `/api/webhooks/${webhook.id}/test`, { token: ann.token });
    assert.deepEqual([body.state, body.last.status], ['failed', undefined]);
    assert.match(body.last.error, /no connection/);
    await call(server, 'DELETE', `/api/webhooks/${webhook.id}`, { token: ann.token });
  });

  test('is refused when it cannot be meant', async () => {
    for (const [body, said] of [
      [{ chatId: group }, /url/],
      [{ url: 'nowhere', chatId: group }, /^url: /],
      [{ url: 'ftp://example.org', chatId: group }, /https/],
      [{ url: 'https://me:secret@example.org', chatId: group }, /password/],
      [{ url: `https://example.org/${'x'.repeat(3000)}`, chatId: group }, /2048/],
      [{ url: 'https://example.org', chatId: group, topics: [] }, /topics/],
      [{ url: 'https://example.org', chatId: group, topics: ['no.such'] }, /no\.such/],
      [{ url: 'https://example.org', chatId: group, topics: ['session.started'] }, /session\.started/],
      [{ url: 'https://example.org', chatId: 'x' }, /./],
    ]) {
      const answer = await make(server, ann, body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.match(String(answer.body.message), said);
    }
    const pair = await chatOf(server, ann, bob);
    assert.equal((await make(server, ann, { url: 'https://example.org', chatId: pair })).status, 400);
    for (let n = 0; n < 10; n++) assert.equal((await make(server, ann, { url: 'https://example.org', chatId: group })).status, 201);
    assert.equal((await make(server, ann, { url: 'https://example.org', chatId: group })).status, 409);
  });
});

describe('an operator’s webhook', () => {
  let server, receiver, ann, bob;
  before(async () => {
    server = await startServer({ env: ALLOWED });
    receiver = await startReceiver();
    [ann, bob] = await registerAll(server, 'Ann', 'Bob');
  });
  after(async () => {
    await receiver.close();
    await server.finish();
  });

  test('is told of all events; nobody else has one', async () => {
    assert.equal((await make(server, ann, { url: receiver.url })).status, 403);
    await done(server, ['users', 'make-operator', ann.email]);
    const { status, body: { webhook, secret } } = await make(server, ann, { url: receiver.url });
    assert.equal(status, 201);
    server.secrets.add(secret);
    for (const path of ['', '/test']) {
      const method = path ? 'POST' : 'DELETE';
      assert.equal((await call(server, method, `/api/webhooks/${webhook.id}${path}`, { token: bob.token })).status, 404);
    }
    const chat = await chatOf(server, ann, bob);
    await send(server, bob, chat, 'in a pair');
    const wanted = ['message.created', 'chat.created', 'audit.log', 'analytics.message'];
    await until(() => wanted.every((topic) => receiver.of(topic).length), () => receiver.taken.map(({ headers }) => headers['x-zvon-event']).join());
    assert.ok(receiver.taken.every((one) => isSigned(one, secret)));
    const ids = receiver.taken.map(({ body }) => body.eventId);
    assert.equal(new Set(ids).size, ids.length, 'each once');
    await done(server, ['users', 'unmake-operator', ann.email]);
    assert.equal((await get(server, '/api/webhooks', { token: ann.token })).status, 403);
  });
});

describe('addresses of the operator’s own network', () => {
  let server, receiver, ann, group;
  before(async () => {
    server = await startServer();
    receiver = await startReceiver();
    ann = (await registerAll(server, 'Ann'))[0];
    group = await groupOf(server, ann);
  });
  after(async () => {
    await receiver.close();
    await server.finish();
  });

  test('are posted to neither by address nor by name', async () => {
    const { port } = receiver;
    for (const host of ['127.0.0.1', '[::1]', '0.0.0.0', '[::ffff:127.0.0.1]', '10.0.0.1', '169.254.169.254', '[fd00:ec2::254]', '2130706433', '0x7f.1']) {
      const answer = await make(server, ann, { url: `https://${host}:${port}/`, chatId: group });
      if (answer.status === 400) {
        assert.match(answer.body.message, /not public/, host);
        continue;
      }
      // What looks like a name is looked up when it is connected to.
      assert.ok(!/^[\d[]+[.:]/.test(host), host);
      await refused(answer.body.webhook.id, host);
    }
    const answer = await make(server, ann, { url: `https://localhost:${port}/`, chatId: group });
    assert.equal(answer.status, 201);
    await refused(answer.body.webhook.id, 'localhost');
    assert.equal((await make(server, ann, { url: `http://example.org:${port}/`, chatId: group })).status, 400, 'plain HTTP');
    assert.deepEqual(receiver.taken, []);
  });

  async function refused(id, host) {
    const { body } = await post(server, `/api/webhooks/${id}/test`, { token: ann.token });
    assert.equal(body.state, 'failed', host);
    assert.match(body.last.error, /not public|not found/, host);
    assert.ok(!body.last.error.includes('127.0.0.1'));
  }
});
