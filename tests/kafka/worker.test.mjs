// Jobs that read Kafka: killed in the middle, and in turn with the outbox. Every effect happens once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connect, describe, done, get, givenKafka, post, registerAll, signIn, startCluster, startReceiver, startWorker, until,
} from '../harness/index.mjs';

const GROUPS = 6;
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('workers that read Kafka', () => {
  let kafka, cluster, receiver, ann, bob, groups, webhook;
  /** Ids of messages that were sent. */
  const sent = [];
  let sessions = 0;
  before(async () => {
    kafka = await givenKafka();
    receiver = await startReceiver();
    const env = {
      KAFKA_BROKERS: kafka.brokers,
      KAFKA_CLIENT_ID: `tests-${process.pid}`,
      KAFKA_GROUP_ID: `workers-${process.pid}`,
      ZVON_JOBS__IN_PROCESS: 'false',
      ZVON_WEBHOOKS__ALLOWED_NETWORKS: '127.0.0.1/32',
    };
    cluster = await startCluster({ size: 2, env });
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    await done(cluster, ['users', 'make-operator', ann.email]);
    const socket = await connect(cluster, ann);
    groups = [];
    for (let n = 0; n < GROUPS; n++) groups.push((await socket.ask('chat:create', { title: `${n}`, participants: [bob.id] })).chat.id);
    socket.close();
    const made = await post(cluster, '/api/webhooks', { token: ann.token, body: { url: receiver.url, topics: ['message.created'] } });
    assert.equal(made.status, 201);
    cluster.secrets.add(made.body.secret);
    webhook = made.body.webhook.id;
  });
  after(async () => {
    await receiver?.close();
    await cluster?.finish();
    await kafka?.finish();
  });

  /** Sends so many messages in each group, and signs in once; his oldest sessions end by that. */
  async function talk(each) {
    const one = async (group, n) => {
      const { status, body } = await post(cluster, `/chats/${group}/messages`, { token: bob.token, body: { content: `${n}` } });
      assert.equal(status, 201);
      sent.push(body.id);
    };
    await Promise.all(groups.flatMap((group) => Array.from({ length: each }, (_, n) => one(group, n))));
    bob = await signIn(cluster, bob);
    sessions += 1;
  }

  async function log() {
    const all = [];
    for (;;) {
      const before = all.length ? `?before=${all.at(-1).id}` : '';
      const { body } = await get(cluster, `/api/webhooks/${webhook}/deliveries${before}`, { token: ann.token });
      if (!body.length) return all;
      all.push(...body);
    }
  }

  const begun = async () => JSON.parse(await done(cluster, ['audit', 'list', '--json', '--limit', '100000', '--user', bob.id, '--action', 'session.started']));

  /** Everything came, and was done once. */
  async function onceEach(workers) {
    const arrived = () => new Set(receiver.taken.map(({ body }) => body.data.messageId));
    const why = () => `${arrived().size} of ${sent.length}: ${workers.map((worker) => worker.logs.slice(-1500)).join('\n')}`;
    await until(() => arrived().size >= sent.length, why, 180_000);
    assert.deepEqual([...arrived()].sort(), [...sent].sort(), 'nothing is lost, nothing made up');
    await doneOnce(workers);
  }

  /** Everything was queued and written down, once; what a killed courier had in hand may still be under way. */
  async function doneOnce(workers) {
    const logs = () => workers.map((worker) => worker.logs.slice(-1500)).join('\n');
    let deliveries;
    await until(async () => (deliveries = await log()).length >= sent.length, () => `${deliveries.length} of ${sent.length} are queued: ${logs()}`, 30_000);
    // Its first session came with its account.
    await until(async () => (await begun()).length >= sessions + 1, () => `sessions are in the audit log: ${logs()}`, 60_000);
    // What was to come twice would have come by now.
    await pause(1500);
    deliveries = await log();
    assert.equal(deliveries.length, sent.length, 'each event was queued once');
    assert.equal(new Set(deliveries.map(({ eventId }) => eventId)).size, sent.length, 'each once, and nothing else');
    assert.equal((await begun()).length, sessions + 1, 'each sign-in is written down once');
    assert.match(await done(cluster, ['audit', 'verify']), /unbroken/);
    const status = JSON.parse(await done(cluster, ['jobs', 'status', '--json']));
    assert.ok(status.every(({ dead }) => dead === 0), JSON.stringify(status));
  }

  const readers = async () => JSON.parse(await done(cluster, ['events', 'status', '--json'])).map(({ reader }) => reader);

  test('killed in the middle of its batches, another goes on', async () => {
    let worker = await startWorker(cluster);
    for (let round = 0; round < 4; round++) {
      const talking = talk(10);
      await pause(2500 + 400 * round);
      await worker.end('SIGKILL');
      await talking;
      worker = await startWorker(cluster);
    }
    await onceEach([worker]);
    assert.deepEqual(await readers(), ['relay'], 'no row of the outbox waits for them');
    assert.equal(await worker.end('SIGTERM'), 0);
  });

  test('from Kafka to the outbox and back: nothing twice, nothing lost', async () => {
    await talk(5);
    let worker = await startWorker(cluster, { env: { KAFKA_BROKERS: '' } });
    await talk(5);
    await onceEach([worker]);
    assert.deepEqual((await readers()).sort(), ['analytics', 'audit', 'relay', 'webhooks']);
    assert.equal(await worker.end('SIGTERM'), 0);
    await talk(5);
    worker = await startWorker(cluster);
    await talk(5);
    await onceEach([worker]);
    assert.deepEqual(await readers(), ['relay'], 'their places in the outbox are forgotten');
    assert.equal(await worker.end('SIGTERM'), 0);
  });

  test('members that come, are killed and go share the work, and disturb nobody', async () => {
    const join = () => startWorker(cluster, { env: { ZVON_METRICS__LISTEN: '127.0.0.1:0' } });
    const did = async (worker) => Number(/zvon_job_records_total\{job="webhooks",outcome="done"\} (\d+)/.exec(await worker.metrics())?.[1] ?? 0);
    const all = async (workers) => (await Promise.all(workers.map(did))).every((records) => records > 0);
    const shared = async (workers) => {
      const deadline = Date.now() + 30_000;
      while (!(await all(workers))) {
        assert.ok(Date.now() < deadline, workers.at(-1).logs.slice(-2000));
        await talk(1);
        await pause(300);
      }
    };
    const [one, two] = await Promise.all([join(), join()]);
    await shared([one, two]);
    let talking = talk(10);
    await one.end('SIGKILL');
    const three = await join();
    await talking;
    await shared([two, three]);
    await doneOnce([two, three]);
    talking = talk(10);
    assert.equal(await two.end('SIGTERM'), 0);
    await talking;
    await doneOnce([three]);
    assert.equal(await three.end('SIGTERM'), 0);
    for (const { logs } of [one, two, three]) assert.doesNotMatch(logs, /another one reads|gets no records/, 'nobody had to join anew');
  });
});
