// Starts the engine's example server, and clients of it over each transport.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The ways a client can come in. */
export const transports = [
  ['websocket only', { transports: ['websocket'] }],
  ['polling only', { transports: ['polling'] }],
  ['polling with upgrade', { transports: ['polling', 'websocket'] }],
];

function binary() {
  if (process.env.ZVON_CONFORMANCE) return process.env.ZVON_CONFORMANCE;
  const build = ['build', '--quiet', '-p', 'zvon-socketio', '--example', 'conformance'];
  execFileSync('cargo', build, { cwd: root, stdio: 'inherit' });
  return `${root}/target/debug/examples/conformance`;
}

/** A server of its own; it ends with this process at the latest. */
export async function startEngine() {
  const args = ['--profile', 'interop', '--port', '0', '--until-input-ends'];
  const child = spawn(binary(), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const url = `http://localhost:${line.match(/\d+$/)[0]}`;
  const clients = [];
  return {
    url,
    /** A client of a namespace, on a connection of its own. */
    client(namespace, options) {
      const client = io(url + namespace, { forceNew: true, reconnectionDelay: 20, ...options });
      clients.push(client);
      return client;
    },
    /** A client that has joined. */
    async joined(namespace, options) {
      const client = this.client(namespace, options);
      await heard(client, 'connect');
      return client;
    },
    /** Leaves nobody behind. */
    leave() {
      clients.splice(0).forEach((client) => client.disconnect());
    },
    async stop() {
      this.leave();
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** The arguments of the next event of that name. */
export function heard(emitter, event, patience = 5000) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${event} in ${patience} ms`)), patience);
    emitter.once(event, (...args) => {
      clearTimeout(late);
      resolve(args);
    });
  });
}

/** Asks, and waits for the answer. */
export const ask = (client, ...args) => client.timeout(5000).emitWithAck(...args);

/** Everything heard under that name, without the offset that recovery puts at the end. */
export function collect(client, event) {
  const all = [];
  client.on(event, (...args) => all.push(args));
  return all;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
