// EVENTS records (a million) through kills of the broker, of every node, with the relay among them, and
// of a worker: each message that was acked stands in Kafka, under one event id, in the order of its
// chat, and each was counted once by the jobs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, describe, done, follow, registerAll, startCluster, startKafka, startWorker, until } from '../harness/index.mjs';
import { Sender } from '../kill/sender.mjs';

const EVENTS = Number(process.env.EVENTS ?? 1_000_000);
/** A kill every so many ms. */
const PAUSE = 8000;
const PAIRS = 12;
const TOPICS = ['message.created', 'analytics.message', 'analytics.user.activity', 'message.read'];
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe(`${EVENTS} events through kills`, () => {
  let kafka, cluster, worker, told;
  before(async () => {
    kafka = await startKafka();
    cluster = await startCluster({ env: { KAFKA_BROKERS: kafka.brokers, ZVON_LOG__LEVEL: 'warn' } });
    worker = await startWorker(cluster);
  });
  after(async () => {
    await told?.close();
    await worker?.end('SIGKILL');
    await cluster?.finish();
    await kafka?.finish();
  });

  /** A worker ends with its process; another takes its place. */
  const workers = { kill: () => worker.end('SIGKILL'), start: async () => (worker = await startWorker(cluster)) };

  /** How many messages the jobs have counted, on all days of this run. */
  async function counted(since) {
    const { days } = JSON.parse(await done(cluster, ['analytics', '--from', since, '--json']));
    return days.reduce((sum, { messages }) => sum + messages, 0);
  }

  test('none is lost, none has two ids, first comings are in order, effects happen once', { timeout: 3_600_000 }, async () => {
    const since = new Date().toISOString().slice(0, 10);
    const people = await registerAll(cluster, ...Array.from({ length: PAIRS * 2 }, (_, n) => `Person ${n}`));
    const senders = [];
    for (let n = 0; n < PAIRS; n++) {
      const chat = await chatOf(cluster, people[2 * n], people[2 * n + 1]);
      const url = cluster.nodes[n % cluster.nodes.length].url;
      senders.push(new Sender(url, people[2 * n], [chat], `s${n}`));
    }
    await until(async () => (await kafka.admin((admin) => admin.listTopics())).includes('message.read'), () => 'no topics', 60_000);
    told = await follow(kafka.brokers, TOPICS);
    const kinds = [() => kafka, ...cluster.nodes.map((node) => () => node), () => workers];
    for (let round = 0; told.records.length < EVENTS; round++) {
      await pause(PAUSE);
      const victim = kinds[round % kinds.length]();
      await victim.kill();
      await pause(500);
      await victim.start();
      console.log(`${told.records.length} events, ${round + 1} kills`);
    }
    // What was refused while a node went down is sent again when its connection is new.
    const nudge = setInterval(() => {
      for (const { socket } of senders) socket.disconnect().connect();
    }, 5000);
    for (const sender of senders) await sender.finish();
    clearInterval(nudge);
    const refusals = senders.flatMap((sender) => sender.refusals);
    console.log(`${refusals.length} refusals, like ${JSON.stringify(refusals[0] ?? null)}`);
    const acked = senders.flatMap((sender) => sender.acked.map(({ acks, chatId }) => ({ id: acks[0].id, seq: acks[0].seq, chatId })));
    const ids = () => new Map(told.of('message.created').map(({ value }) => [value.data.messageId, value.eventId]));
    const missing = () => {
      const known = ids();
      return acked.filter(({ id }) => !known.has(id)).length;
    };
    await until(() => missing() === 0, () => `${missing()} of ${acked.length} are missing`, 300_000);
    const [seen, last, events] = [new Map(), new Map(), new Set()];
    for (const { key, value } of told.of('message.created')) {
      const { messageId } = value.data;
      if (seen.has(messageId)) {
        assert.equal(seen.get(messageId), value.eventId);
        continue;
      }
      seen.set(messageId, value.eventId);
      assert.ok(!events.has(value.eventId), 'two messages of one event id');
      events.add(value.eventId);
      assert.ok(value.seq > (last.get(key) ?? 0), `${key}: ${value.seq} after ${last.get(key)}`);
      last.set(key, value.seq);
    }
    let count;
    await until(async () => (count = await counted(since)) >= seen.size, () => `${count} of ${seen.size} are counted`, 600_000);
    // What was to be counted twice would have come by now.
    await pause(10_000);
    assert.equal(await counted(since), seen.size, 'each message was counted once');
    assert.match(await done(cluster, ['audit', 'verify']), /unbroken/);
    const status = JSON.parse(await done(cluster, ['jobs', 'status', '--json']));
    assert.ok(status.every(({ dead }) => dead === 0), JSON.stringify(status));
    const more = told.of('message.created').length - seen.size;
    console.log(`${told.records.length} events, ${acked.length} messages acked, 0 lost, ${more} came more than once, ${count} counted`);
  });
});
