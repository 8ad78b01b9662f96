// A client of our own kind: it follows all of its chats by `sync`, holds what it hears by chat and
// seq, and asks again for what it lacks whenever it has connected.
import { io } from 'socket.io-client';
import { atEnd, get } from '../harness/index.mjs';

const LOGGED = ['message', 'message:pinned', 'message:unpinned', 'member:added', 'member:removed', 'member:left', 'member:changed', 'chat:updated'];

export class Follower {
  /** Per chat: what stands at each seq. */
  chats = new Map();
  /** The chats whose past is held; of others, only what came live. */
  #loaded = new Set();
  syncs = 0;

  constructor(server, url, person, { transports = ['websocket'] } = {}) {
    this.server = server;
    this.person = person;
    atEnd(() => this.quit());
    const hurry = { reconnectionDelay: 30, reconnectionDelayMax: 150 };
    this.socket = io(url, { auth: { token: person.token }, transports, forceNew: true, ...hurry });
    for (const event of LOGGED) this.socket.on(event, (data) => this.#hold(event, data));
    this.socket.on('connect', () => this.#sync());
  }

  /** The texts of a chat's messages, in order. */
  texts(chatId) {
    const held = [...(this.chats.get(chatId) ?? [])].sort(([a], [b]) => a - b);
    return held.filter(([, { event }]) => event === 'message').map(([, { data }]) => data.content);
  }

  quit() {
    this.socket.disconnect();
  }

  async #sync() {
    const cursors = this.#cursors();
    const ack = await this.socket.timeout(5000).emitWithAck('sync', { cursors }).catch(() => null);
    if (!ack) return;
    this.syncs += 1;
    for (const { event, data } of ack.events) this.#hold(event, data);
    const fresh = ack.chats.filter(({ id }) => !(id in cursors)).map(({ id }) => id);
    for (const id of [...ack.gaps, ...fresh]) await this.#load(id);
  }

  /** The end of what is held without a hole: live events may have come before a sync's answer. */
  #cursors() {
    const dense = (id) => {
      const seqs = [...this.chats.get(id).keys()].sort((a, b) => a - b);
      const hole = seqs.findIndex((seq, index) => index > 0 && seq !== seqs[index - 1] + 1);
      return hole < 0 ? (seqs.at(-1) ?? 0) : seqs[hole - 1];
    };
    return Object.fromEntries([...this.#loaded].map((id) => [id, dense(id)]));
  }

  async #load(id) {
    const { body } = await get(this.server, `/chats/${id}/messages?limit=1000`, { token: this.person.token });
    if (!this.chats.has(id)) this.chats.set(id, new Map());
    for (const message of body) this.#hold('message', message);
    this.#loaded.add(id);
  }

  #hold(event, data) {
    if (!this.chats.has(data.chatId)) this.chats.set(data.chatId, new Map());
    const held = this.chats.get(data.chatId);
    const known = held.get(data.seq);
    if (known && known.event !== event) throw new Error(`two events at ${data.chatId} ${data.seq}`);
    held.set(data.seq, { event, data });
  }
}
