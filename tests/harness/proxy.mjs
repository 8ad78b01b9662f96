// A network that fails: a TCP proxy whose connections can be cut, stalled and refused, and whose
// clients can be late.
import { connect, createServer } from 'node:net';
import { atEnd } from './ends.mjs';

/**
 * A proxy in front of `target` (a server, whose port may change hands over a restart). What the server
 * says goes through a stream that `through` makes for each connection.
 */
export async function startProxy(target, { through } = {}) {
  const proxy = new Proxy(target, through);
  await proxy.listen();
  atEnd(() => proxy.close());
  return proxy;
}

class Proxy {
  #pairs = new Set();
  #refusing = false;
  #stalled = false;
  #late = false;

  constructor(target, through) {
    Object.assign(this, { target, through });
    this.listener = createServer({ allowHalfOpen: false }, (client) => this.#carry(client));
  }

  async listen() {
    await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', resolve));
    this.port = this.listener.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  get connections() {
    return this.#pairs.size;
  }

  /** Resets all connections, or only as many as chance wants. */
  cut(chance = 1) {
    for (const pair of [...this.#pairs]) if (Math.random() < chance) end(pair);
  }

  /** New connections are reset from now on, or taken again. */
  refuse(refusing = true) {
    this.#refusing = refusing;
  }

  /** Nothing passes any more in either direction, though the connections stay. */
  stall(stalled = true) {
    this.#stalled = stalled;
    for (const pair of this.#pairs) stalled ? part(pair) : join(pair, this.#late);
  }

  /** What clients say from now on waits; they go on hearing. `late(false)` lets it go. */
  late(late = true) {
    this.#late = late;
    if (this.#stalled) return;
    for (const { client, server } of this.#pairs) late ? client.unpipe(server).pause() : client.pipe(server);
  }

  async close() {
    this.refuse();
    this.cut();
    await new Promise((resolve) => this.listener.close(resolve));
  }

  #carry(client) {
    if (this.#refusing) return client.resetAndDestroy();
    const server = connect(this.target.port, '127.0.0.1');
    const pair = { client, server, through: this.through?.() };
    this.#pairs.add(pair);
    pair.through?.pipe(client);
    const over = () => {
      this.#pairs.delete(pair);
      end(pair);
    };
    for (const side of [client, server]) side.setNoDelay(true).on('error', over).on('close', over);
    if (!this.#stalled) join(pair, this.#late);
  }
}

function join({ client, server, through }, late) {
  if (!late) client.pipe(server);
  server.pipe(through ?? client);
}

function part({ client, server }) {
  for (const side of [client, server]) side.unpipe().pause();
}

function end({ client, server }) {
  for (const side of [client, server]) side.destroyed || side.resetAndDestroy();
}
