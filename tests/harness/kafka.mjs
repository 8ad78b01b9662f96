// A private Kafka broker of real jars (tools/testkit/kafka), and whoever reads there: by an ordinary
// client of other people, as the existing consumers are.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { atEnd } from './ends.mjs';
import { freePort, start } from './services.mjs';
import { until } from './until.mjs';

const PROGRAM = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'tools/testkit/kafka/broker');
/** Its first start may have to fetch it. */
const PATIENCE = 180_000;
const quiet = () => () => {};

/**
 * A broker of its own. It can be killed, stopped and started again with its data on its port, and
 * frozen. Its version is printed. `later`: it is where it says only once it is told to start.
 */
export async function startKafka({ later = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'zvon-kafka-'));
  const [port, controller] = [await freePort(), await freePort()];
  const kafka = { port, brokers: `127.0.0.1:${port}`, version: undefined };
  mkdirSync(join(dir, 'broker'));
  kafka.start = async () => {
    const args = [join(dir, 'broker'), String(port), String(controller)];
    kafka.process = start(PROGRAM, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    kafka.process.child.stdin.unref();
    const { child, logs } = kafka.process;
    const said = () => /Kafka version: (\S+)/.exec(logs())?.[1];
    await until(async () => child.exitCode !== null || (said() && (await listens(port))), () => `Kafka: ${logs()}`, PATIENCE);
    if (child.exitCode !== null) throw new Error(`Kafka ended: ${logs()}`);
    if (!kafka.version) console.log(`Apache Kafka ${said()}`);
    kafka.version = said();
  };
  kafka.kill = () => kafka.process.stop('SIGKILL');
  kafka.stop = () => kafka.process.stop('SIGTERM');
  kafka.signal = (name) => kafka.process.child.kill(name);
  kafka.admin = (act) => admin(kafka.brokers, act);
  kafka.finish = async () => {
    if (kafka.process) {
      kafka.signal('SIGCONT');
      await kafka.kill();
    }
    rmSync(dir, { recursive: true, force: true });
  };
  if (!later) await kafka.start();
  return kafka;
}

/** The brokers of KAFKA_BROKERS, which are left running, or a private one. */
export async function givenKafka() {
  const brokers = process.env.KAFKA_BROKERS;
  if (!brokers) return startKafka();
  return { brokers, admin: (act) => admin(brokers, act), finish: async () => {} };
}

/** Does something with an administrator's client. */
async function admin(brokers, act) {
  const client = kafkaOf(brokers).admin();
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.disconnect();
  }
}

/**
 * Reads everything of these topics, from the beginning, as they come to exist: `records` holds
 * `{topic, partition, offset, key, value, at}` in the order in which they came.
 */
export async function follow(brokers, topics, { from = 'beginning' } = {}) {
  const records = [];
  const consumer = kafkaOf(brokers).consumer({ groupId: `tests-${process.pid}-${Math.random().toString(36).slice(2)}`, sessionTimeout: 10_000, maxWaitTimeInMs: 50 });
  await consumer.connect();
  // Topics made by one request come one after another, and this client knows no patience with them.
  const all = () => consumer.subscribe({ topics, fromBeginning: from === 'beginning' }).then(
    () => true,
    (error) => error.type !== 'UNKNOWN_TOPIC_OR_PARTITION' && Promise.reject(error),
  );
  await until(all, () => `no topics ${topics}`, 60_000);
  let joined;
  const there = new Promise((resolve) => (joined = resolve));
  consumer.on(consumer.events.GROUP_JOIN, joined);
  await consumer.run({
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch: { topic, partition, messages } }) => {
      const at = Date.now();
      for (const { offset, key, value } of messages) {
        records.push({ topic, partition, offset, key: key?.toString(), value: JSON.parse(value), at });
      }
    },
  });
  await there;
  const close = () => consumer.disconnect();
  atEnd(close);
  return {
    records,
    close,
    of: (topic, fits = () => true) => records.filter((record) => record.topic === topic && fits(record.value.data, record)),
  };
}

function kafkaOf(brokers) {
  const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 100 };
  return new kafkajs.Kafka({ brokers: brokers.split(','), clientId: 'tests', retry, logCreator: quiet });
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
