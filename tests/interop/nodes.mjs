// Nodes of both kinds on one Redis, which obey the same commands of their clients: an event's name
// is what, its first argument whom, the others with what. Each is answered when it is done.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { atEnd } from '../harness/ends.mjs';
import { heard, sleep } from './engine.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

function binary() {
  if (process.env.ZVON_REDIS_NODE) return process.env.ZVON_REDIS_NODE;
  const build = ['build', '--quiet', '-p', 'zvon-socketio-redis', '--example', 'node'];
  execFileSync('cargo', build, { cwd: root, stdio: 'inherit' });
  return `${root}/target/debug/examples/node`;
}

/** Clients of a node. */
function clientsOf(url) {
  const clients = [];
  return {
    /** A client that has joined the namespace, and these rooms. */
    async client(namespace = '/', rooms = []) {
      const client = io(url + namespace, { forceNew: true, transports: ['websocket'] });
      clients.push(client);
      await heard(client, 'connect');
      for (const room of rooms) await client.timeout(5000).emitWithAck('join', { room });
      return client;
    },
    leave() {
      for (const client of clients.splice(0)) client.disconnect();
    },
  };
}

/** The addresses of one Redis, or of each server of a cluster. */
const urlsOf = ({ url, hosts = [] }) => (hosts.length ? hosts.map((host) => `redis://${host}`) : [url]);

/** Ours. */
export async function startRust(redis, mode) {
  const where = urlsOf(redis).flatMap((url) => ['--redis', url]);
  const args = [...where, '--mode', mode, '--until-input-ends'];
  const child = spawn(binary(), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const node = clientsOf(`http://127.0.0.1:${line.match(/\d+$/)[0]}`);
  atEnd(async () => {
    node.leave();
    child.stdin.end();
    await ended;
  });
  return node;
}

/** Theirs, with either of the Redis clients it can use. */
export async function startJs(redis, mode, library) {
  const [pub, sub] = library === 'redis' ? await nodeRedis(redis) : ioredis(redis);
  // What it has subscribed so far, Redis knows.
  const settle = redis.hosts ? () => sleep(50) : () => sub.ping();
  const http = createServer();
  const adapter = createShardedAdapter(pub, sub, { subscriptionMode: mode });
  const server = new Server(http, { adapter, serveClient: false });
  for (const path of ['/', '/chat']) serve(server.of(path), settle);
  await settle();
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const node = clientsOf(`http://127.0.0.1:${http.address().port}`);
  atEnd(async () => {
    node.leave();
    await server.close();
    await settle();
    for (const client of [pub, sub]) await leave(client);
  });
  return node;
}

/** A cluster's client of `redis` is still busy with what it was told, and fails if that is cut off. */
async function leave(client) {
  if (client instanceof Redis || client instanceof Cluster) return client.disconnect();
  return client.masters ? client.close() : client.destroy();
}

async function nodeRedis(redis) {
  const make = () => {
    const nodes = urlsOf(redis).map((url) => ({ url }));
    return redis.hosts ? createCluster({ rootNodes: nodes }) : createClient(nodes[0]);
  };
  const clients = [make(), make()];
  for (const client of clients) client.on('error', () => {});
  const [, sub] = clients;
  // Of two that leave a master's last channels at once, the second closes what is closed.
  const unsubscribe = sub.sUnsubscribe;
  sub.sUnsubscribe = (...channels) => unsubscribe.apply(sub, channels).catch(() => {});
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

function ioredis(redis) {
  const make = (options) => (redis.hosts ? new Cluster(urlsOf(redis), options) : new Redis(redis.url));
  const clients = [make({}), make({ shardedSubscribers: true })];
  for (const client of clients) client.on('error', () => {});
  return clients;
}

function serve(namespace, settle) {
  for (const name of ['ping', 'ask']) {
    namespace.on(name, (...args) => {
      const reply = typeof args.at(-1) === 'function' ? args.pop() : () => {};
      namespace.local.emit(`server:${name}`, ...args);
      reply(args[0]);
    });
  }
  namespace.on('connection', (socket) => {
    socket.data.node = 'js';
    for (const [name, command] of Object.entries(commands)) {
      socket.on(name, async (whom, ...args) => {
        const answer = args.pop();
        const done = await command(namespace, whom, args, socket).catch(String);
        await settle();
        answer(done ?? true);
      });
    }
  });
}

/** The sockets that are meant. */
function choose(namespace, { rooms = [], except = [], volatile }) {
  let chosen = rooms.reduce((to, room) => to.to(room), namespace);
  chosen = except.reduce((to, room) => to.except(room), chosen);
  return volatile ? chosen.volatile : chosen;
}

const bytes = (value) => (Buffer.isBuffer(value) ? [...value] : value);

const commands = {
  join: async (_, { room }, __, socket) => socket.join(room),
  leave: async (_, { room }, __, socket) => socket.leave(room),
  emit: async (all, whom, args) => void choose(all, whom).emit(...args),
  'sockets:join': async (all, whom) => choose(all, whom).socketsJoin(whom.room),
  'sockets:leave': async (all, whom) => choose(all, whom).socketsLeave(whom.room),
  'sockets:disconnect': async (all, whom) => choose(all, whom).disconnectSockets(whom.close),
  server: async (all, _, args) => void all.serverSideEmit(...args),
  'server:ask': async (all, _, args) => all.serverSideEmitWithAck(...args),
  async ask(all, whom, args) {
    const answers = await choose(all, whom).timeout(whom.timeout).emitWithAck(...args);
    return answers.map(bytes);
  },
  async fetch(all, whom) {
    const sockets = await choose(all, whom).fetchSockets();
    return sockets.map(({ id, rooms, data }) => ({ id, rooms: [...rooms], data }));
  },
};
