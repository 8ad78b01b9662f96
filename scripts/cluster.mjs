// `make cluster`: three nodes, PostgreSQL, Redis and HAProxy on this machine, without containers.
//
// What people write is kept in a directory (./data/cluster unless --dir names another): started again,
// it is there again. Nothing that ends is started again, so that one can see what the others do
// without it. Ctrl-C or SIGTERM end everything in order: no new connections, the nodes finish what they
// accepted, then Redis, then PostgreSQL.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startHaproxy } from '../tests/harness/balancers.mjs';
import { freePort, startPostgres, startRedis } from '../tests/harness/services.mjs';
import { until } from '../tests/harness/until.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    bin: { type: 'string', default: process.env.ZVON_BIN ?? join(ROOT, 'target/release/zvon') },
    dir: { type: 'string', default: join(ROOT, 'data/cluster') },
    nodes: { type: 'string', default: '3' },
    port: { type: 'string' },
  },
});
const dir = resolve(options.dir);
const logs = join(dir, 'logs');
/** In a group of its own: Ctrl-C is for this program alone, which then ends the others in order. */
const own = { detached: true };
const toFile = (name) => {
  const file = openSync(join(logs, `${name}.log`), 'a');
  return { ...own, stdio: ['ignore', file, file] };
};

/** What the nodes share, made at the first start. */
function secrets() {
  const file = join(dir, 'secrets.json');
  if (!existsSync(file)) {
    const made = { key: randomBytes(32).toString('hex'), jwt: randomBytes(32).toString('hex') };
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The port that people know, unless it is taken. */
async function publicPort() {
  if (options.port) return Number(options.port);
  const taken = await new Promise((answer) => {
    const socket = connect(4000, '127.0.0.1');
    socket.on('connect', () => answer(true) ?? socket.destroy());
    socket.on('error', () => answer(false));
  });
  return taken ? freePort() : 4000;
}

async function startNode(name, shared) {
  const [port, metrics] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH,
    ...shared,
    ZVON_CLUSTER__INTERNAL_LISTEN: '127.0.0.1:0',
    ZVON_METRICS__LISTEN: `127.0.0.1:${metrics}`,
  };
  const args = ['serve', '--listen', `127.0.0.1:${port}`, '--data', join(dir, name)];
  const child = spawn(options.bin, args, { cwd: dir, env, ...toFile(name) });
  const node = { name, child, port, metrics };
  node.ended = new Promise((done) => {
    child.on('error', (error) => done(String(error)));
    child.on('close', (code, signal) => done(signal ?? code));
  });
  node.over = node.ended.then((how) => ({ how }));
  return node;
}

async function serves(node) {
  const asked = until(async () => {
    const answer = await fetch(`http://127.0.0.1:${node.metrics}/health/readiness`).catch(() => null);
    return answer?.status === 200;
  }, () => `${node.name}: see ${join(logs, `${node.name}.log`)}`, 30_000);
  const over = await Promise.race([asked, node.over]);
  if (!over) return;
  const file = join(logs, `${node.name}.log`);
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').pop();
  throw new Error(`${node.name} ended with ${over.how}: ${last}\nMore is in ${file}`);
}

/** What runs, in the order of its start; `stop` goes backwards. */
const running = [];
async function run(name, starting, stop) {
  const started = await starting;
  running.push({ name, stop: () => stop(started) });
  return started;
}

async function stopNode({ name, child, ended }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
  child.kill('SIGTERM');
  const how = await ended;
  clearTimeout(late);
  if (how !== 0) console.log(`${name} ended with ${how}`);
}

let stopping;
function stop() {
  stopping ??= (async () => {
    while (running.length > 0) {
      const { name, stop } = running.pop();
      await stop().catch((error) => console.error(`${name}: ${error.message}`));
      console.log(`stopped ${name}`);
    }
  })();
  return stopping;
}

async function start() {
  mkdirSync(logs, { recursive: true });
  const postgres = await run('PostgreSQL', startPostgres({ durable: true, dir: join(dir, 'postgres'), ...toFile('postgres') }), (it) => it.stop());
  if (postgres.psql('postgres', "SELECT 1 FROM pg_database WHERE datname = 'zvon'") !== '1') {
    postgres.psql('postgres', 'CREATE DATABASE zvon');
  }
  const redis = await run('Redis', startRedis([], { dir: join(dir, 'redis'), ...toFile('redis') }), (it) => it.shutDown());
  const { key, jwt } = secrets();
  const shared = {
    DATABASE_URL: postgres.url('zvon'),
    REDIS_URL: redis.url,
    ZVON_CLUSTER__KEY: key,
    JWT_SECRET: jwt,
    ZVON_SERVER__TRUSTED_PROXIES: '127.0.0.1',
  };
  const names = Array.from({ length: Number(options.nodes) }, (_, index) => `node-${index + 1}`);
  const nodes = await Promise.all(names.map((name) => startNode(name, shared)));
  running.push({ name: 'the nodes', stop: () => Promise.all(nodes.map(stopNode)) });
  await Promise.all(nodes.map(serves));
  const port = await publicPort();
  const files = { dir: join(dir, 'haproxy'), port, ...toFile('haproxy') };
  const backends = nodes.map((node) => `127.0.0.1:${node.port}`);
  const haproxy = await run('HAProxy', startHaproxy(backends, files), (it) => it.finish());
  return { postgres, redis, nodes, haproxy };
}

function tell({ postgres, redis, nodes, haproxy }) {
  const rows = [
    ['HAProxy', `http://localhost:${haproxy.port}`, haproxy.process.child.pid, `state of the nodes: ${haproxy.operators}`],
    ...nodes.map(({ name, child, port, metrics }) => [
      name, `http://localhost:${port}`, child.pid, `metrics: http://localhost:${metrics}/metrics`,
    ]),
    ['Redis', redis.url, redis.process.child.pid, ''],
    ['PostgreSQL', postgres.url('zvon'), postgres.process.child.pid, ''],
  ];
  const lines = rows.map(([name, url, pid, more]) => `  ${name.padEnd(11)}${url.padEnd(46)}pid ${String(pid).padEnd(8)}${more}`);
  console.log(`\n  Zvon is at http://localhost:${haproxy.port}, on ${nodes.length} nodes\n\n${lines.join('\n')}\n\n  Data and logs are in ${dir}; Ctrl-C stops everything.\n`);
}

const ending = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
});
const awake = setInterval(() => {}, 60_000);
try {
  const starting = start();
  starting.catch(() => {});
  const cluster = await Promise.race([starting, ending]);
  if (typeof cluster === 'object') {
    tell(cluster);
    const told = ({ name, over }) => over.then(({ how }) => !stopping && console.log(`${name} ended with ${how}`));
    cluster.nodes.forEach(told);
    await ending;
  }
  // Told to stop amid its start: what it was about to start is stopped, too.
  await starting.catch(() => {});
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
await stop();
clearInterval(awake);
