// A Redis of the test's own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './ends.mjs';
import { until } from './until.mjs';

/** Starts one on a free port; it ends with the tests at the latest. */
export async function startRedis() {
  const redis = new Redis(await freePort());
  atEnd(() => redis.stop());
  await redis.start();
  return redis;
}

class Redis {
  #dir = mkdtempSync(join(tmpdir(), 'zvon-redis-'));
  #child;

  constructor(port) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** Lets it run, again if need be. */
  async start() {
    const where = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#dir];
    const options = [...where, '--save', '', '--appendonly', 'no'];
    this.#child = spawn('redis-server', options, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#child.on('error', (error) => console.error(String(error)));
    await until(() => listens(this.port), () => 'Redis listens');
  }

  /** Ends it as a crash would. */
  async kill() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    process.kill(child.pid, 'SIGKILL');
    await ended;
  }

  async stop() {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true) ?? socket.destroy());
    socket.on('error', () => resolve(false));
  });
}
