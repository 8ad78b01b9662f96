// Three nodes, one relay among them: killed, frozen and come back. All stands in Kafka, each event
// under one id, first comings in order, whoever told it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describe, follow, givenKafka, startCluster, until } from '../harness/index.mjs';
import { talk } from './talk.mjs';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('a cluster and Kafka', () => {
  let kafka, cluster, speech, told;
  before(async () => {
    kafka = await givenKafka();
    const env = { KAFKA_BROKERS: kafka.brokers, KAFKA_CLIENT_ID: `tests-${process.pid}`, ZVON_LOG__LEVEL: 'info' };
    cluster = await startCluster({ env });
    speech = await talk(cluster, { chats: 6 });
    await speech.say(100);
    const names = () => kafka.admin((admin) => admin.listTopics());
    await until(async () => (await names()).includes('message.created'), () => cluster.logs.slice(-3000), 60_000);
    told = await follow(kafka.brokers, ['message.created', 'zvon.dead-letter']);
  });
  after(async () => {
    speech?.close();
    await told?.close();
    await cluster?.finish();
    await kafka?.finish();
  });

  /** That node alone. */
  const at = (node) => ({ url: node.url, secrets: cluster.secrets, logs: '' });

  test('each event comes once while nothing happens', async () => {
    await speech.say(200);
    assert.equal(await speech.stands(told), 0, 'three nodes, one relay');
  });

  test('each node frozen in turn for longer than its lease, the relay among them', async () => {
    for (const node of cluster.nodes) {
      const others = cluster.nodes.filter((other) => other !== node);
      node.signal('SIGSTOP');
      const more = await talk(at(others[0]), { chats: 2 });
      await more.say(50, { pause: 10 });
      await pause(12_000);
      await more.stands(told, 60_000);
      node.signal('SIGCONT');
      await more.say(50, { pause: 10 });
      await more.stands(told, 60_000);
      more.close();
    }
  });

  test('each node killed in turn and started again', async () => {
    for (const node of cluster.nodes) {
      const others = cluster.nodes.filter((other) => other !== node);
      const more = await talk(at(others[0]), { chats: 2 });
      const speaking = more.say(100, { pause: 10 });
      await node.kill();
      await speaking;
      await more.stands(told, 60_000);
      await node.start();
      more.close();
    }
    assert.deepEqual(told.records.filter(({ topic }) => topic === 'zvon.dead-letter'), []);
  });
});
