// Talk in several chats at once, and whether all of it stands in Kafka: each message, in the order of
// its chat, under one event id however often it came.
import assert from 'node:assert/strict';
import { chatOf, connect, registerAll, until } from '../harness/index.mjs';

/** People in pairs who talk. `url` names the node of each socket in turn. */
export async function talk(server, { chats = 4 } = {}) {
  const people = await registerAll(server, ...Array.from({ length: chats + 1 }, (_, n) => `Talker ${n}`));
  const sockets = [];
  const ids = [];
  for (let n = 0; n < chats; n++) {
    ids.push(await chatOf(server, people[n], people[n + 1]));
    sockets.push(await connect(server, people[n]));
  }
  return new Talk(server, sockets, ids);
}

class Talk {
  /** Ids of messages that were acked, by chat, in the order of their acks. */
  sent = new Map();
  /** The longest that an ack took, in ms. */
  slowest = 0;
  #count = 0;

  constructor(server, sockets, chats) {
    Object.assign(this, { server, sockets, chats });
    for (const chat of chats) this.sent.set(chat, []);
  }

  get total() {
    return [...this.sent.values()].reduce((sum, ids) => sum + ids.length, 0);
  }

  /** Sends so many messages, in all chats at once; each must be acked. */
  async say(count, { size = 0, pause = 0 } = {}) {
    const each = this.chats.map(async (chatId, n) => {
      for (let turn = n; turn < count; turn += this.chats.length) {
        const began = performance.now();
        const content = `text ${this.#count++} ${'x'.repeat(size)}`;
        const { id, status } = await this.sockets[n].ask('message', { chatId, content });
        this.slowest = Math.max(this.slowest, performance.now() - began);
        assert.ok(id, `${status}`);
        this.sent.get(chatId).push(id);
        if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
      }
    });
    await Promise.all(each);
  }

  /** Says so in several messages at a time: faster, and in the order of each chat, too. */
  async shout(count, { at = 16 } = {}) {
    const each = this.chats.map(async (chatId, n) => {
      const mine = Array.from({ length: Math.ceil((count - n) / this.chats.length) }, () => `text ${this.#count++}`);
      while (mine.length > 0) {
        const acks = await Promise.all(mine.splice(0, at).map((content) => this.sockets[n].ask('message', { chatId, content })));
        this.sent.get(chatId).push(...acks.map(({ id }) => id));
      }
    });
    await Promise.all(each);
  }

  /**
   * Waits until all of it is there; how many came more than once. `loose`: what was not acked may be
   * there, too.
   */
  async stands(told, patience = 60_000, { loose = false } = {}) {
    const all = () => told.of('message.created', ({ chatId }) => this.sent.has(chatId));
    const ids = () => new Set(all().map(({ value }) => value.data.messageId));
    await until(() => ids().size >= this.total, () => `${ids().size} of ${this.total} in Kafka: ${this.server.logs.slice(-2000)}`, patience);
    const [events, seen] = [new Map(), new Map()];
    for (const { value: { eventId, seq, data } } of all()) {
      const known = events.get(data.messageId);
      assert.ok(known === undefined || known === eventId, `${data.messageId} has two event ids`);
      if (known) continue;
      events.set(data.messageId, eventId);
      const list = seen.get(data.chatId) ?? seen.set(data.chatId, []).get(data.chatId);
      list.push([seq, data.messageId]);
    }
    assert.equal(new Set(events.values()).size, events.size, 'an event id for each');
    for (const [chat, wanted] of this.sent) {
      const came = seen.get(chat) ?? [];
      assert.deepEqual(came.map(([seq]) => seq), came.map(([seq]) => seq).sort((x, y) => x - y), 'first comings in the order of the log');
      const ids = came.map(([, id]) => id);
      assert.deepEqual(loose ? ids.filter((id) => wanted.includes(id)) : ids, wanted);
    }
    return all().length - this.total;
  }

  close() {
    for (const socket of this.sockets) socket.close();
  }
}
