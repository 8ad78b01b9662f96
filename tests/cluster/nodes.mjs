// Nodes of a cluster, and a balancer in front of them that has never heard of sticky sessions.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'a key that all the nodes of this cluster share';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function binary() {
  if (process.env.ZVON_CLUSTER_NODE) return process.env.ZVON_CLUSTER_NODE;
  const build = ['build', '--quiet', '-p', 'zvon-server', '--example', 'cluster_node'];
  execFileSync('cargo', build, { cwd: ROOT, stdio: ['ignore', 'inherit', 'ignore'] });
  return join(ROOT, 'target/debug/examples/cluster_node');
}

/** So many nodes with one database, and a balancer; `url` is the balancer's. */
export async function startCluster(count, args = []) {
  const dir = await mkdtemp(join(tmpdir(), 'zvon-cluster-'));
  mkdirSync(join(dir, 'nodes'));
  const program = binary();
  const nodes = [];
  for (let n = 0; n < count; n += 1) nodes.push(await startNode(program, dir, args));
  const balancer = new Balancer(nodes);
  await balancer.listen();
  return {
    nodes,
    balancer,
    url: balancer.url,
    secrets: new Set(),
    async stop() {
      balancer.close();
      for (const { child } of nodes) child.kill('SIGKILL') && running.delete(child);
      const log = await readFile(join(dir, 'log'), 'utf8');
      await rm(dir, { recursive: true, force: true });
      return log;
    },
  };
}

async function startNode(program, dir, args) {
  const files = ['--registry', join(dir, 'nodes'), '--store', join(dir, 'zvon.db'), '--key', KEY];
  const log = openSync(join(dir, 'log'), 'a');
  const child = spawn(program, [...files, ...args], { stdio: ['ignore', 'pipe', log] });
  closeSync(log);
  running.add(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const [, port, id] = /public=\S+:(\d+) .*node=(\S+)/.exec(line);
  const url = `http://127.0.0.1:${port}`;
  const metric = async (name, label = '') => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.split('\n').filter((row) => row.split(/[{ ]/)[0] === name && row.includes(label));
    return lines.reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0);
  };
  return { child, id, url, port: Number(port), metric, secrets: new Set() };
}

/** Sends every request to a node drawn by lot, and notes where it went. */
class Balancer {
  /** Which node each request of a session went to: `[{sid, node, upgrade}]`. */
  went = [];
  /** Chooses among the nodes that are up. */
  choose = (nodes) => nodes[Math.floor(Math.random() * nodes.length)];
  #nodes;
  #server = createServer((incoming, answer) => this.#pass(incoming, answer));
  #sockets = new Set();

  constructor(nodes) {
    this.#nodes = nodes;
    this.#server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #target(incoming, upgrade) {
    const sid = new URL(incoming.url, this.url).searchParams.get('sid');
    const up = this.#nodes.filter((node) => node.child.exitCode === null && node.child.signalCode === null);
    const node = this.choose(up.filter((node) => !node.out), { sid, upgrade });
    this.went.push({ sid, node, upgrade });
    const { method, url: path, headers } = incoming;
    return { host: '127.0.0.1', port: node.port, method, path, headers };
  }

  #pass(incoming, answer) {
    const asked = request(this.#target(incoming, false), (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    asked.on('error', () => answer.destroy());
    answer.on('close', () => asked.destroy());
    incoming.pipe(asked);
  }

  #upgrade(incoming, socket, head) {
    const asked = request(this.#target(incoming, true));
    const gone = () => socket.destroy();
    socket.on('error', () => asked.destroy());
    asked.on('error', gone).on('response', gone).on('upgrade', (response, other, first) => {
      const lines = response.rawHeaders.map((text, at) => (at % 2 ? `${text}\r\n` : `${text}: `));
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      socket.write(first);
      other.write(head);
      other.on('error', gone).on('close', gone).pipe(socket);
      socket.on('close', () => other.destroy()).pipe(other);
    });
    asked.end();
  }
}
