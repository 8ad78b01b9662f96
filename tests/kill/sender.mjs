// A device that sends under load: several sends in flight, each repeated with the same clientId after
// every reconnection until it is acked. What was sent, acked and read is noted with its time.
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { atEnd } from '../harness/index.mjs';

const IN_FLIGHT = 6;
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

export class Sender {
  /** `{clientId, chatId, content, invoked, acks: [{id, seq, at}]}`, in the order of sending. */
  sends = [];
  /** Per chat the furthest read that was acked. */
  read = new Map();
  retries = 0;
  refusals = [];
  #unacked = new Set();
  #running = true;

  constructor(url, person, chats, name) {
    Object.assign(this, { person, chats, name });
    atEnd(() => this.#giveUp());
    const hurry = { reconnectionDelay: 20, reconnectionDelayMax: 100 };
    this.socket = io(url, { auth: { token: person.token }, transports: ['websocket'], forceNew: true, ...hurry });
    this.socket.on('connect', () => this.#resend());
    this.socket.on('message', (message) => this.#readSometimes(message));
    this.done = this.#run();
  }

  get acked() {
    return this.sends.filter(({ acks }) => acks.length > 0);
  }

  /** Sends nothing new; returns when everything is acked. */
  async finish() {
    this.#running = false;
    await this.done;
    while (this.#unacked.size > 0) await pause(20);
    this.socket.disconnect();
  }

  #giveUp() {
    this.#running = false;
    this.#unacked.clear();
    this.socket.disconnect();
  }

  async #run() {
    for (let n = 0; this.#running; n++) {
      const chatId = this.chats[n % this.chats.length];
      const send = { clientId: randomUUID(), chatId, content: `${this.name} ${n}`, invoked: performance.now(), acks: [] };
      this.sends.push(send);
      this.#unacked.add(send);
      if (this.socket.connected) this.#emit(send);
      do await pause(2 + Math.random() * 4);
      while (this.#unacked.size >= IN_FLIGHT);
    }
  }

  /** Everything that has no ack yet, in its order; sometimes also the last that has one. */
  async #resend() {
    const last = this.acked.at(-1);
    for (const chatId of this.chats) this.socket.emit('chat:join', { chatId });
    if (last && Math.random() < 0.5) this.#emit(last);
    for (const send of this.#unacked) {
      this.retries += 1;
      this.#emit(send);
    }
  }

  #emit(send) {
    const { chatId, content, clientId } = send;
    this.socket.emit('message', { chatId, content, clientId }, (ack) => {
      if (!ack?.id) return this.refusals.push(ack);
      send.acks.push({ id: ack.id, seq: ack.seq, content: ack.content, at: performance.now() });
      this.#unacked.delete(send);
    });
  }

  #readSometimes({ chatId, id, seq, senderId }) {
    if (senderId === this.person.id || Math.random() > 0.05) return;
    this.socket.emit('message:read', { messageId: id }, (ack) => {
      if (ack?.status === 'ok') this.read.set(chatId, Math.max(this.read.get(chatId) ?? 0, seq));
    });
  }
}
