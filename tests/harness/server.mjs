// The real binary: started on a free port with a data directory of its own, stopped, killed,
// restarted on the same port. What it logs is kept and searched for secrets when it ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { held } from './ends.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const BINARY = process.env.ZVON_BIN ?? join(ROOT, 'target/debug/zvon');

/** The secret that tests sign tokens of their own with. */
export const SECRET = 'a-secret-that-only-the-tests-know-0123456789';

/** Without limits, with a short grace, telling what it does. */
const DEFAULTS = {
  JWT_SECRET: SECRET,
  ZVON_LIMITS__MESSAGES_PER_MINUTE: '0',
  ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE: '0',
  ZVON_LIMITS__PINS_PER_MINUTE: '0',
  ZVON_LIMITS__FORWARDS_PER_MINUTE: '0',
  ZVON_LIMITS__SIGN_IN_PER_MINUTE: '0',
  ZVON_LIMITS__SIGN_UP_PER_MINUTE: '0',
  ZVON_PRESENCE__GRACE: '300ms',
  ZVON_SERVER__DRAIN: '100ms',
  ZVON_LOG__LEVEL: 'debug',
};

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * A running server; `env` is added to (and wins over) the defaults above. Where the tests run on a
 * cluster, it is one: every request and every socket goes to another node than the one before.
 */
export async function startServer({ env = {} } = {}) {
  if (process.env.ZVON_TEST_POSTGRES) {
    const { startCluster } = await import('./cluster.mjs');
    return startCluster({ env });
  }
  return startNode({ env });
}

/** A node, alone unless `env` says otherwise; of another `binary` than the one that is tested, maybe. */
export async function startNode({ env = {}, binary = BINARY } = {}) {
  const server = new Server(await mkdtemp(join(tmpdir(), 'zvon-')), { ...DEFAULTS, ...env }, binary);
  await server.start();
  return server;
}

class Server {
  port = 0;
  logs = '';
  /** What must never appear in the logs. */
  secrets = new Set([SECRET]);
  #process;

  constructor(data, env, binary) {
    Object.assign(this, { data, env, binary });
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Starts it, on the port it had before if it had one, and waits until it serves. */
  async start() {
    const args = ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', join(this.data, 'data')];
    const env = { PATH: process.env.PATH, RUST_BACKTRACE: '1', ...this.env };
    const child = spawn(this.binary, args, { cwd: this.data, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    running.add(child);
    for (const handle of [child, child.stdout, child.stderr]) handle.unref();
    this.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => running.delete(child) && resolve({ code, signal }));
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (this.logs += text));
    const serves = new Promise((resolve, reject) => {
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        this.logs += text;
        out += text;
        const said = /Zvon is at https?:\/\/[^\s:]+:(\d+)/.exec(out);
        if (said) resolve(Number(said[1]));
      });
      child.on('error', reject);
      child.on('close', (code) => reject(new Error(`zvon ended with ${code}:\n${this.logs.slice(-2000)}`)));
    });
    this.port = await held(serves);
  }

  /** Everything that is kept, as bytes. */
  dump() {
    const data = join(this.data, 'data');
    return Buffer.concat(readdirSync(data).map((name) => readFileSync(join(data, name))));
  }

  /** Asks it to go down; answers its exit code. */
  async stop() {
    this.#process.kill('SIGTERM');
    return (await held(this.ended)).code;
  }

  /** Ends it without asking. */
  async kill() {
    this.#process.kill('SIGKILL');
    await held(this.ended);
  }

  signal(name) {
    this.#process.kill(name);
  }

  get alive() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The end of a test file: a clean exit, no panic, no secret in the logs, nothing left. */
  async finish() {
    const code = this.alive ? await this.stop() : 0;
    await rm(this.data, { recursive: true, force: true });
    assert.equal(code, 0, `exit code ${code}:\n${this.logs.slice(-2000)}`);
    this.checkLogs();
  }

  /** No panic and no secret in what was logged so far. */
  checkLogs() {
    assert.doesNotMatch(this.logs, /panicked|a route panicked/);
    for (const secret of this.secrets) {
      assert.ok(!this.logs.includes(secret), `a secret was logged: ${secret}`);
    }
  }
}
