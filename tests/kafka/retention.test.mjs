// What retention takes away is told to Kafka, message by message, and no text of it comes again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, done, follow, givenKafka, isoTime, registerAll, startServer, until } from '../harness/index.mjs';

describe('retention and Kafka', () => {
  let kafka, server, told, ann, chatId, sent, from;
  before(async () => {
    kafka = await givenKafka();
    server = await startServer({ env: { KAFKA_BROKERS: kafka.brokers, KAFKA_CLIENT_ID: `kept-${process.pid}`, ZVON_RETENTION__SWEEP_EVERY: '200ms' } });
    [ann] = await registerAll(server, 'Ann');
    const a = await connect(server, ann);
    from = new Date(Date.now() - 1000).toISOString();
    chatId = (await a.ask('chat:create', { title: 'Short of memory', participants: [] })).chat.id;
    sent = [];
    for (let n = 0; n < 6; n++) sent.push(await a.ask('message', { chatId, content: `remember ${n}` }));
    const names = () => kafka.admin((admin) => admin.listTopics());
    await until(async () => (await names()).includes('message.deleted'), () => `no topics: ${server.logs.slice(-3000)}`, 60_000);
    told = await follow(kafka.brokers, ['message.created', 'message.deleted', 'chat.updated']);
    await until(() => of('message.created').length === 6, () => 'six messages', 60_000);
    assert.equal((await a.ask('chat:retention', { chatId, maxCount: 2 })).status, 'ok');
    await until(() => of('message.deleted').length >= 4, () => `deleted: ${server.logs.slice(-3000)}`, 60_000);
    a.close();
  });
  after(async () => {
    await told?.close();
    await server?.finish();
    await kafka?.finish();
  });
  const of = (topic) => told.of(topic, (data) => data.chatId === chatId);

  test('message.deleted: one for each message, with the contract’s fields', () => {
    const records = of('message.deleted');
    assert.deepEqual(records.map(({ value }) => value.data.messageId), sent.slice(0, 4).map(({ id }) => id), 'in order');
    for (const { key, value: { eventType, seq, data } } of records) {
      const { deletedAt, messageId, ...rest } = data;
      assert.deepEqual([key, eventType], [chatId, 'message.deleted']);
      assert.deepEqual(rest, { chatId, deletedBy: null, soft: false });
      assert.match(deletedAt, isoTime);
      assert.ok(seq > sent[5].seq && messageId);
    }
    assert.equal(new Set(records.map(({ value }) => value.eventId)).size, 4, 'an id for each');
  });

  test('chat.updated: who changed it, and to what', () => {
    const [changed] = of('chat.updated').filter(({ value }) => value.data.changes.retention);
    assert.deepEqual(changed.value.data.changes, { retention: { maxAgeMs: null, maxCount: 2 } });
    assert.equal(changed.value.data.updatedBy, ann.id);
  });

  test('a replay tells the same again, but no text that went', async () => {
    const before = told.records.length;
    await done(server, ['events', 'replay', '--from', from]);
    await until(() => of('message.deleted').length === 8, () => 'told again', 60_000);
    const again = told.records.slice(before).filter(({ value }) => value.data.chatId === chatId);
    const texts = again.filter(({ topic }) => topic === 'message.created').map(({ value }) => value.data.content);
    assert.deepEqual(texts, ['remember 4', 'remember 5']);
    const ids = (topic, records) => records.filter((record) => record.topic === topic).map(({ value }) => value.eventId).sort();
    const first = told.records.slice(0, before).filter(({ value }) => value.data.chatId === chatId);
    assert.deepEqual(ids('message.deleted', again), ids('message.deleted', first), 'under the same ids');
  });
});
