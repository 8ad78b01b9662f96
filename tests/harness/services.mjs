// Private services on free ports: PostgreSQL, Redis. Ended by whoever started them, or with the process.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { held } from './ends.mjs';
import { until } from './until.mjs';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A child process, and the promise of its end. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running.add(child);
  let logs = '';
  for (const out of [child.stdout, child.stderr]) {
    out?.setEncoding('utf8').on('data', (text) => (logs = (logs + text).slice(-20_000)));
    out?.unref();
  }
  child.unref();
  const ended = new Promise((resolve) => child.on('close', () => running.delete(child) && resolve()));
  child.on('error', (error) => (logs += `${error}\n`));
  const stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await held(ended);
    }
  };
  return { child, stop, ended, logs: () => logs };
}

/**
 * A Redis of its own. It can be killed and started again on its port, paused and resumed. With `dir`
 * it keeps there what it holds (AOF). `options` are those of `spawn`.
 */
export async function startRedis(args = [], { dir, ...options } = {}) {
  const port = await freePort();
  const redis = { port, url: `redis://127.0.0.1:${port}` };
  const keeping = dir ? ['--appendonly', 'yes', '--dir', dir] : ['--appendonly', 'no'];
  if (dir) mkdirSync(dir, { recursive: true });
  redis.start = async () => {
    // A replica loads what it gets without a file, which would lie wherever the tests run.
    const own = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--repl-diskless-load', 'swapdb', ...keeping];
    redis.process = start('redis-server', [...own, ...args].map(String), options);
    // One that has users wants to know who asks, and so is up.
    await until(() => /^PONG|^NOAUTH/.test(redisAt(port, 'PING')), () => `Redis: ${redis.process.logs()}`);
  };
  redis.cli = (...words) => redisAt(port, ...words);
  redis.stop = () => redis.process.stop('SIGKILL');
  redis.shutDown = () => redis.process.stop('SIGTERM');
  redis.signal = (name) => redis.process.child.kill(name);
  await redis.start();
  return redis;
}

/**
 * A Redis Cluster of three masters, the first of which has a replica (the fourth of `nodes`). `args`
 * are every server's; `as` is what `redis-cli` needs to be let in.
 */
export async function startRedisCluster(args = [], as = []) {
  const own = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const dir = mkdtempSync(join(tmpdir(), 'zvon-slots-'));
  const nodes = [];
  for (let n = 0; n < 4; n++) {
    const bus = await freePort();
    const home = join(dir, `${n}`);
    mkdirSync(home);
    const more = ['--cluster-port', bus, '--dir', home];
    nodes.push(await startRedis([...own, ...more, ...args]));
  }
  const [first, , , replica] = nodes;
  const hosts = nodes.slice(0, 3).map(({ port }) => `127.0.0.1:${port}`);
  const control = (...words) => redisCli([...as, '--cluster', ...words.map(String)]);
  const ask = (node, ...words) => node.cli(...as, ...words);
  control('create', ...hosts, '--cluster-yes');
  const agree = () => nodes.slice(0, 3).every((node) => ask(node, 'CLUSTER', 'INFO').includes('cluster_state:ok'));
  await until(agree, () => ask(first, 'CLUSTER', 'INFO'));
  control('add-node', `127.0.0.1:${replica.port}`, hosts[0], '--cluster-slave', '--cluster-master-id', ask(first, 'CLUSTER', 'MYID'));
  const follows = () => nodes.every((node) => ask(node, 'CLUSTER', 'NODES').includes('slave ')) && ask(replica, 'INFO', 'replication').includes('link_status:up');
  await until(follows, () => ask(first, 'CLUSTER', 'NODES'), 30_000);
  return {
    nodes,
    hosts,
    ask,
    url: `redis+cluster://${hosts.join()}`,
    /** Waits until all servers agree whose each slot is, as `reshard` needs. */
    async agrees() {
      const check = () => {
        try {
          return control('check', hosts[0]).includes('All nodes agree');
        } catch {
          return false;
        }
      };
      await until(check, () => ask(first, 'CLUSTER', 'NODES'), 20_000);
    },
    /** Moves so many slots from one server to another. */
    reshard(count, from, to) {
      const [source, target] = [from, to].map((n) => ask(nodes[n], 'CLUSTER', 'MYID'));
      const words = ['--cluster-from', source, '--cluster-to', target, '--cluster-slots', count, '--cluster-yes'];
      return control('reshard', hosts[to], ...words);
    },
    /** Moves the slot of a name without keys, as that does. */
    handOver(name, from, to) {
      const [source, target] = [nodes[from], nodes[to]];
      const slot = ask(source, 'CLUSTER', 'KEYSLOT', name);
      const [here, there] = [source, target].map((node) => ask(node, 'CLUSTER', 'MYID'));
      ask(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', here);
      ask(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', there);
      for (const node of [target, source]) ask(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', there);
    },
    async stop() {
      for (const node of nodes) await node.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function redisCli(words) {
  return execFileSync('redis-cli', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What the Redis on that port answers, on lines; nothing if it does not. */
export function redisAt(port, ...words) {
  try {
    return redisCli(['-p', String(port), ...words]).trim();
  } catch {
    return '';
  }
}

/**
 * A PostgreSQL of its own, without durability unless asked for. With `dir` it keeps its data there,
 * and finds it again. `options` are those of `spawn`. PostgreSQL refuses to run as root.
 */
export async function startPostgres({ durable = false, dir: kept, ...options } = {}) {
  const bin = postgresPrograms();
  const dir = kept ?? mkdtempSync(join(tmpdir(), 'zvon-pg-'));
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const as = { cwd: '/', ...(userInfo().uid === 0 ? { uid: id('-u'), gid: id('-g') } : {}) };
  mkdirSync(dir, { recursive: true });
  if (as.uid) chownSync(dir, as.uid, as.gid);
  const [data, port] = [join(dir, 'data'), await freePort()];
  const make = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  if (!existsSync(join(data, 'PG_VERSION'))) execFileSync(join(bin, 'initdb'), make, { ...as, stdio: 'pipe' });
  // Without a socket in a file: its path may be too long for one.
  const args = ['-D', data, '-p', String(port), '-k', kept ? '' : dir];
  const settings = ['listen_addresses=127.0.0.1', 'max_connections=300'];
  if (!durable) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  const postgres = { ...startedPostgres(port), dir };
  postgres.start = async () => {
    const flags = settings.flatMap((setting) => ['-c', setting]);
    postgres.process = start(join(bin, 'postgres'), [...args, ...flags], { ...options, ...as });
    const { child, logs } = postgres.process;
    await until(async () => child.exitCode !== null || (await answers(port)), () => `PostgreSQL: ${logs()}`);
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${logs()}`);
  };
  // As a crash: nobody is told, and it has to recover when it starts.
  postgres.crash = () => postgres.process.stop('SIGQUIT');
  // Fast: whoever is connected is disconnected.
  postgres.stop = () => postgres.process.stop('SIGINT');
  postgres.finish = async () => {
    await postgres.stop();
    if (!kept) rmSync(dir, { recursive: true, force: true });
  };
  await postgres.start();
  return postgres;
}

/** Without holding up this process meanwhile: tests take times. */
function answers(port) {
  const words = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', 'postgres', '-Atqc', 'SELECT 1'];
  const program = join(postgresPrograms(), 'psql');
  return new Promise((resolve) => execFile(program, words, { cwd: '/' }, (error, out) => resolve(!error && out.trim() === '1')));
}

/** A PostgreSQL that listens on that port, whoever started it. */
export function startedPostgres(port) {
  const program = join(postgresPrograms(), 'psql');
  const psql = (database, sql) => {
    const words = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', database, '-Atqc', sql];
    try {
      return execFileSync(program, words, { cwd: '/', encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
    } catch (error) {
      return `${error.stderr ?? error}`;
    }
  };
  const dump = (database) => {
    const words = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', database];
    return execFileSync(join(postgresPrograms(), 'pg_dump'), words, { cwd: '/', maxBuffer: 1 << 30 });
  };
  return { port, psql, dump, url: (database) => `postgres://postgres@127.0.0.1:${port}/${database}` };
}

function postgresPrograms() {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const bin = versions.map((version) => join(root, version, 'bin')).find((at) => existsSync(join(at, 'initdb')));
  if (!bin) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  return bin;
}
