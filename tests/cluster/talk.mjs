// People on all nodes who write to one chat, and what every one of them heard of it: for tests that
// break something meanwhile.
import assert from 'node:assert/strict';
import { chatOf, connect, until } from '../harness/index.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Two people, each with a socket on every node (or by each of these URLs), in their chat. */
export async function startTalk(cluster, people, urls = cluster.nodes.map(({ url }) => url)) {
  const chatId = await chatOf(cluster, ...people);
  const sockets = [];
  for (const url of urls) for (const person of people) sockets.push(await connect(cluster, person, { url }));
  for (const socket of sockets) await socket.ask('chat:join', { chatId });
  return new Talk(chatId, sockets);
}

class Talk {
  /** What was acknowledged, in no order. */
  sent = [];
  /** How long acknowledgements took, and hearings from when it was sent, in ms. */
  acks = [];
  hearings = [];
  /** Sends that were answered with an error, or not at all, before they were tried again. */
  failures = [];
  #talking = true;
  #began = new Map();

  constructor(chatId, sockets) {
    Object.assign(this, { chatId, sockets });
    for (const socket of sockets) {
      socket.io.on('message', ({ content }) => this.hearings.push(Date.now() - this.#began.get(content)));
    }
  }

  /**
   * Each socket (or only these) writes, and so long after the answer again, until `finish`. Failures are
   * tried again.
   */
  start(pause, writers = this.sockets) {
    this.writing = writers.map(async (socket, writer) => {
      for (let n = 0; this.#talking; n++) {
        await this.#say(socket, `${writer} ${n}`);
        await wait(typeof pause === 'function' ? pause(n) : pause);
      }
    });
  }

  async #say(socket, content) {
    const clientId = `${this.chatId} ${content}`;
    for (let answer; !answer?.id; ) {
      const began = Date.now();
      if (!this.#began.has(content)) this.#began.set(content, began);
      answer = await socket.io.timeout(8000).emitWithAck('message', { chatId: this.chatId, content, clientId }).catch((error) => ({ error: error.message }));
      this.acks.push(Date.now() - began);
      if (answer.id) this.sent.push(answer.id);
      else this.failures.push({ ...answer, took: Date.now() - began }) && (await wait(100));
    }
  }

  /** Ends the writing; then every socket hears all of it, once, in one order. */
  async finish(patience) {
    this.#talking = false;
    await Promise.all(this.writing);
    const heard = (socket) => socket.all('message').map(({ id }) => id);
    const counts = () => `${this.sockets.map((socket) => heard(socket).length)} of ${this.sent.length}`;
    await until(() => this.sockets.every((socket) => heard(socket).length >= this.sent.length), counts, patience);
    const [first, ...others] = this.sockets.map(heard);
    assert.deepEqual([...first].sort(), [...this.sent].sort(), 'all, each once');
    for (const other of others) assert.deepEqual(other, first, 'one order');
    const seqs = this.sockets[0].all('message').map(({ seq }) => seq);
    assert.ok(seqs.every((seq, n) => n === 0 || seq > seqs[n - 1]), 'ascending');
    for (const writer of this.sockets.keys()) {
      const own = this.sockets[0].all('message').filter(({ content }) => content.startsWith(`${writer} `));
      assert.deepEqual(own.map(({ content }) => content), own.map((_, n) => `${writer} ${n}`), 'each writer in order');
    }
  }

  close() {
    for (const socket of this.sockets) socket.close();
  }
}
