// A record that Kafka never takes, because the topic that somebody made is too small for it, goes to
// the dead letters with the reason; the others are not held up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describe, follow, startKafka, startServer, until } from '../harness/index.mjs';
import { talk } from './talk.mjs';

describe('poison', () => {
  let kafka, server, speech, told;
  before(async () => {
    kafka = await startKafka();
    const small = [{ name: 'max.message.bytes', value: '4000' }];
    const topics = [{ topic: 'message.created', numPartitions: 2, configEntries: small }];
    await kafka.admin((admin) => admin.createTopics({ topics, waitForLeaders: true }));
    server = await startServer({ env: { KAFKA_BROKERS: kafka.brokers, ZVON_LOG__LEVEL: 'info' } });
    speech = await talk(server, { chats: 2 });
  });
  after(async () => {
    speech?.close();
    await told?.close();
    await server?.finish();
    await kafka?.finish();
  });

  test('it stands among the dead letters, whole, with why; the rest stands in its topic', async () => {
    await speech.say(20);
    const [chatId] = speech.chats;
    const content = `too large: ${'x'.repeat(10_000)}`;
    const { id } = await speech.sockets[0].ask('message', { chatId, content });
    await speech.say(20);
    const names = () => kafka.admin((admin) => admin.listTopics());
    await until(async () => (await names()).includes('zvon.dead-letter'), () => server.logs.slice(-2000), 60_000);
    told = await follow(kafka.brokers, ['message.created', 'analytics.message', 'zvon.dead-letter']);
    const dead = () => told.records.filter(({ topic }) => topic === 'zvon.dead-letter');
    await until(() => dead().length > 0, () => server.logs.slice(-2000), 60_000);
    await speech.stands(told);
    const [{ key, value }] = dead();
    assert.deepEqual([dead().length, value.topic, key, value.key], [1, 'message.created', chatId, chatId]);
    assert.match(value.reason, /large|size/i);
    assert.equal(JSON.parse(value.payload).data.messageId, id);
    assert.equal(told.of('analytics.message', ({ messageId }) => messageId === id).length, 1, 'what else it told is there');
    assert.deepEqual(told.of('message.created', ({ messageId }) => messageId === id), []);
  });
});
