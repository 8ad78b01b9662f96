// `zvon worker`, killed again and again in the middle of its batches: every effect happens once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connect, describe, done, get, post, registerAll, signIn, startReceiver, startServer, startWorker, until,
} from '../harness/index.mjs';

const ROUNDS = 8;
const EACH = 60;
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('a worker that is killed', () => {
  let server, receiver, ann, bob, group;
  before(async () => {
    const env = { ZVON_JOBS__IN_PROCESS: 'false', ZVON_WEBHOOKS__ALLOWED_NETWORKS: '127.0.0.1/32' };
    server = await startServer({ env });
    receiver = await startReceiver();
    [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const socket = await connect(server, ann);
    group = (await socket.ask('chat:create', { title: 'All', participants: [bob.id] })).chat.id;
    socket.close();
  });
  after(async () => {
    await receiver.close();
    await server.finish();
  });

  test('does every event’s effect once', async () => {
    const made = await post(server, '/api/webhooks', { token: ann.token, body: { url: receiver.url, chatId: group, topics: ['message.created'] } });
    assert.equal(made.status, 201);
    server.secrets.add(made.body.secret);
    const sent = [];
    let sessions = 0;
    let worker = await startWorker(server);
    for (let round = 0; round < ROUNDS; round++) {
      const sending = Array.from({ length: EACH }, (_, n) => post(server, `/chats/${group}/messages`, { token: bob.token, body: { content: `${round} ${n}` } }));
      await signIn(server, bob);
      sessions += 1;
      await pause(20 + 60 * (round % 4));
      await worker.end('SIGKILL');
      for (const { body } of await Promise.all(sending)) sent.push(body.id);
      worker = await startWorker(server);
    }
    const log = async () => {
      const all = [];
      for (;;) {
        const before = all.length ? `?before=${all.at(-1).id}` : '';
        const { body } = await get(server, `/api/webhooks/${made.body.webhook.id}/deliveries${before}`, { token: ann.token });
        if (!body.length) return all;
        all.push(...body);
      }
    };
    const total = ROUNDS * EACH;
    // A delivery that was under way is tried again when the killed worker's claim is over.
    const arrived = () => new Set(receiver.taken.map(({ body }) => body.data.messageId));
    await until(() => arrived().size >= total, () => `${arrived().size} of ${total}`, 180_000);
    assert.deepEqual([...arrived()].sort(), [...sent].sort(), 'nothing is lost, nothing made up');
    await until(async () => (await log()).every(({ state }) => state === 'delivered'), () => 'all is written down', 120_000);
    const deliveries = await log();
    assert.equal(deliveries.length, total, 'each event was queued once');
    assert.equal(new Set(deliveries.map(({ eventId }) => eventId)).size, total);

    const begun = async () => JSON.parse(await done(server, ['audit', 'list', '--json', '--limit', '100000', '--user', bob.id, '--action', 'session.started']));
    await until(async () => (await begun()).length >= sessions + 1, () => 'the sessions are in the audit log', 60_000);
    const rows = await begun();
    assert.equal(rows.length, sessions + 1, 'each once');
    assert.equal(new Set(rows.map(({ resourceId }) => resourceId)).size, rows.length);
    assert.match(await done(server, ['audit', 'verify']), /unbroken/);

    // It may have been a day or two.
    const counted = async () => {
      const { days } = JSON.parse(await done(server, ['analytics', '--json']));
      const sum = (of) => days.reduce((all, day) => all + day[of], 0);
      return ['messages', 'newUsers', 'newChats'].map(sum);
    };
    await until(async () => (await counted())[0] >= total, () => 'the messages are counted', 60_000);
    assert.deepEqual(await counted(), [total, 2, 1], 'each once');

    const status = JSON.parse(await done(server, ['jobs', 'status', '--json']));
    assert.deepEqual(status.map(({ job, dead }) => [job, dead]), [['analytics', 0], ['audit', 0], ['retention', 0], ['webhooks', 0]]);
    assert.equal(await worker.end('SIGTERM'), 0, 'and goes when it is asked to');
  });
});
