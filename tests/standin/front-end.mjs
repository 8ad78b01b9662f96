// A stand-in for the existing front end, as contract.md section 6 describes it, faults included:
// it appends every `message` without looking at its chat and without looking whether it has it,
// and never joins a room again after a reconnection. Whatever it shows has to be right all the same.
import { io } from 'socket.io-client';
import { atEnd } from '../harness/index.mjs';

export class FrontEnd {
  /** What is on the screen, in its order. */
  shown = [];
  /** Whether the client got its old socket back, for each reconnection. */
  recoveries = [];
  /** What was refused or went wrong. */
  errors = [];

  /** `eager`: with the listener of its own that connects at once after a disconnection. */
  constructor(url, person, { transports = ['websocket'], eager = false } = {}) {
    this.person = person;
    atEnd(() => this.quit());
    // Its own delays are 1 to 5 s; tests are in a hurry.
    const hurry = { reconnectionDelay: 30, reconnectionDelayMax: 150, timeout: 15_000 };
    this.socket = io(url, { auth: { token: `Bearer ${person.token}` }, transports, forceNew: true, ...hurry });
    this.connected = new Promise((resolve) => this.socket.once('connect', resolve));
    let first = true;
    this.socket.on('connect', () => {
      if (!first) this.recoveries.push(this.socket.recovered);
      first = false;
    });
    this.socket.on('connect_error', ({ message }) => this.errors.push(message));
    if (eager) {
      this.socket.on('disconnect', (reason) => {
        if (reason === 'io server disconnect' || reason === 'transport close') this.socket.connect();
      });
    }
  }

  /** Opens the dialog: listen → chat:get → chat:get-pinned (not awaited) → chat:join. */
  async open(other, { between = () => {} } = {}) {
    this.#listen();
    const chatId = await new Promise((resolve) => {
      this.socket.emit('chat:get', { recipientId: other.id }, ({ chatId, messages }) => {
        this.shown = messages.map((message) => ({ ...message }));
        this.chatId = chatId;
        resolve(chatId);
      });
    });
    this.socket.emit('chat:get-pinned', { chatId }, (ack) => (this.pinned = ack.messages));
    await between();
    const { status, message } = await this.#ask('chat:join', { chatId });
    if (status !== 'ok') throw new Error(message);
  }

  /** The ✕ of the dialog. */
  async close() {
    this.#deafen();
    return this.#ask('chat:leave', { chatId: this.chatId });
  }

  /** What the button does: no ack, no trace on the screen until the event comes. */
  send(content) {
    this.socket.emit('message', { chatId: this.chatId, content: content.trim() });
  }

  /** Clicks a message of somebody else's. */
  click(id) {
    this.socket.emit('message:read', { messageId: id });
    this.#patch(id, { status: 'READ' });
  }

  get ids() {
    return this.shown.map(({ id }) => id);
  }

  quit() {
    this.socket.disconnect();
  }

  #deafen() {
    for (const event of ['message', 'message:status', 'message:pinned', 'message:unpinned']) this.socket.off(event);
  }

  #listen() {
    this.#deafen();
    this.socket.on('message', (message) => {
      this.shown.push({ ...message });
      if (message.senderId !== this.person.id) {
        this.socket.emit('message:status', { messageId: message.id, status: 'DELIVERED' });
      }
    });
    this.socket.on('message:status', ({ messageId, status }) => this.#patch(messageId, { status }));
    this.socket.on('message:pinned', ({ id, pinnedAt }) => this.#patch(id, { isPinned: true, pinnedAt }));
    this.socket.on('message:unpinned', ({ id }) => this.#patch(id, { isPinned: false, pinnedAt: null }));
  }

  #patch(id, change) {
    for (const message of this.shown) if (message.id === id) Object.assign(message, change);
  }

  #ask(event, payload) {
    return new Promise((resolve) => this.socket.emit(event, payload, resolve));
  }
}
