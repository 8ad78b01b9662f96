/** The real server, for tests: a process of its own with its data in a temporary directory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CANDIDATES = [process.env.ZVON_BIN, '../target/release/zvon', '../target/debug/zvon'];

const SERVER_BINARY = CANDIDATES.find((path) => path && existsSync(path)) ?? null;

/** No limits, unless a test is about them. */
export const UNLIMITED = Object.fromEntries(
  ['MESSAGES', 'SOCKET_EVENTS', 'PINS', 'FORWARDS', 'SIGN_IN', 'SIGN_UP'].map((what) => [
    `ZVON_LIMITS__${what}_PER_MINUTE`,
    '0',
  ]),
);

/** A server that can be killed and started again on the same port and data. */
export class TestServer {
  readonly url: string;
  readonly #port: number;
  readonly #environment: Record<string, string>;
  readonly #data = mkdtempSync(join(tmpdir(), 'zvon-test-'));
  #process: ChildProcess | null = null;

  private constructor(port: number, environment: Record<string, string>) {
    this.#port = port;
    this.#environment = environment;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts a server on a free port. */
  static async start(environment: Record<string, string> = UNLIMITED): Promise<TestServer> {
    for (let tries = 0; ; tries += 1) {
      const server = new TestServer(await freePort(), environment);
      try {
        await server.resume();
        return server;
      } catch (error) {
        // Somebody else may have been quicker to take the port.
        await server.remove();
        if (tries === 4) throw error;
      }
    }
  }

  /** Starts it again; resolves when it answers. */
  async resume(): Promise<void> {
    if (!SERVER_BINARY)
      throw new Error('The server has not been built: cargo build -p zvon-server');
    const environment = { ...process.env, ...this.#environment, PORT: `${this.#port}` };
    this.#process = spawn(SERVER_BINARY, ['serve', '--data', this.#data], {
      env: environment,
      stdio: ['ignore', 'ignore', process.env.ZVON_LOG ? 'inherit' : 'ignore'],
    });
    await this.#ready();
  }

  /** Runs an operator's command on its data, which must succeed; what it says. */
  command(...args: string[]): string {
    if (!SERVER_BINARY) throw new Error('The server has not been built');
    return execFileSync(SERVER_BINARY, [...args, '--data', this.#data], { encoding: 'utf8' });
  }

  /** Ends it: at once and without a word (`SIGKILL`), or in good order (`SIGTERM`). */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (!running || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#data, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const response = await fetch(`${this.url}/health/readiness`).catch(() => null);
      if (response?.ok) return;
      if (this.#process?.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('The server does not answer');
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '0.0.0.0', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
