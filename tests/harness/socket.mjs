// A person at the official Socket.IO client, who notes everything that is heard, in order.
import assert from 'node:assert/strict';
import { io } from 'socket.io-client';
import { atEnd } from './ends.mjs';

const PATIENCE = 8000;

/** Both ways to carry a connection, for suites that must hold over each. */
export const TRANSPORTS = [['websocket'], ['polling']];

/** A socket that has heard `connection:established`. */
export async function connect(server, person, options = {}) {
  const socket = open(server, { auth: { token: `Bearer ${person.token}` }, ...options });
  await socket.hear('connection:established');
  return Object.assign(socket, { person });
}

/** The text and data with which a connection is refused. */
export async function refusal(server, auth, options = {}) {
  const socket = open(server, { auth, reconnection: false, ...options });
  try {
    return await socket.refused;
  } finally {
    socket.close();
  }
}

/** A socket that is connecting. */
export function open(server, { transports = ['websocket'], url, ...options } = {}) {
  return new Peer(io(url ?? server.url, { forceNew: true, transports, ...options }), server.secrets);
}

class Peer {
  /** Everything that was heard: `{event, data, args}`. Acks are `{ack: event, data}`. */
  heard = [];
  /** Why it was disconnected, each time. */
  disconnects = [];
  /** Why it was not let in, each time. */
  refusals = [];
  #waiting = new Set();
  #secrets;

  constructor(socket, secrets) {
    this.io = socket;
    this.#secrets = secrets;
    // The engine's session id and the private id of a recovery open what a token opens.
    socket.on('connect', () => this.#keep(socket.io.engine?.id, socket._pid));
    atEnd(() => this.close());
    socket.onAny((event, ...args) => this.#note({ event, data: args[0], args }));
    socket.on('disconnect', (reason) => {
      this.disconnects.push(reason);
      this.#note({ event: 'disconnect', data: reason, args: [reason] });
    });
    socket.on('connect_error', ({ message, data }) => this.refusals.push({ message, data }));
    this.refused = new Promise((resolve, reject) => {
      socket.on('connect_error', (error) => resolve({ message: error.message, data: error.data }));
      socket.on('connect', () => reject(new Error('the connection was not refused')));
    });
    this.refused.catch(() => {});
  }

  get id() {
    return this.io.id;
  }

  /** Sends a command and answers its ack. */
  async ask(event, ...args) {
    this.#keep(args[0]?.content);
    const answer = await this.io.timeout(PATIENCE).emitWithAck(event, ...args);
    this.#note({ ack: event, data: answer, args: [answer] });
    return answer;
  }

  /** Sends a command without asking for an ack. */
  tell(event, ...args) {
    this.#keep(args[0]?.content);
    this.io.emit(event, ...args);
  }

  /** The data of the first event of that name, heard already or in time, that fits. */
  async hear(event, fits = () => true, patience = PATIENCE) {
    const good = (note) => note.event === event && fits(note.data, note);
    const found = this.heard.find(good) ?? (await this.#await(good, `${event}`, patience));
    return found.data;
  }

  /** As `hear`, but only of what comes from now on. */
  async next(event, fits = () => true, patience = PATIENCE) {
    const good = (note) => note.event === event && fits(note.data, note);
    return (await this.#await(good, `another ${event}`, patience)).data;
  }

  /** The data of all events of that name heard so far. */
  all(event) {
    return this.heard.filter((note) => note.event === event).map((note) => note.data);
  }

  /** The names of what was heard, acks as `ack`, without what has nothing to do with chats. */
  order() {
    const noise = ['users:update', 'user:status', 'connection:established', 'offset:moved', 'chat:created'];
    return this.heard.map((note) => note.event ?? 'ack').filter((name) => !noise.includes(name));
  }

  /** Forgets what was heard, and what is on its way. */
  async forget() {
    if (this.io.connected) await this.settle();
    // Another node tells of cursors when it has gathered them for a quarter of a second.
    if (process.env.ZVON_TEST_POSTGRES) await new Promise((resolve) => setTimeout(resolve, 500));
    this.heard.length = 0;
  }

  /** Returns when everything that the server had queued to this socket before has been heard. */
  async settle() {
    await this.io.timeout(PATIENCE).emitWithAck('users:list', { limit: 1 });
    // Nothing tells that what another node said has come: it takes a moment.
    if (process.env.ZVON_TEST_POSTGRES) await new Promise((resolve) => setTimeout(resolve, 150));
  }

  close() {
    this.io.disconnect();
  }

  /** Ends the transport as a lost network would, without a goodbye. */
  drop() {
    this.io.io.engine.close();
  }

  /** What must never appear in the logs; short texts may by chance. */
  #keep(...texts) {
    for (const text of texts) if (typeof text === 'string' && text.length >= 16) this.#secrets?.add(text);
  }

  #note(note) {
    this.heard.push(note);
    for (const waiter of [...this.#waiting]) waiter(note);
  }

  #await(good, what, patience) {
    return new Promise((resolve, reject) => {
      const waiter = (note) => {
        if (!good(note)) return;
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(note);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        const names = this.heard.slice(-15).map((note) => note.event ?? `ack of ${note.ack}`);
        reject(new assert.AssertionError({ message: `no ${what}; heard: ${names.join(', ')}` }));
      }, patience);
      this.#waiting.add(waiter);
    });
  }
}
