// Somebody who writes whatever happens: each text goes again, with the same clientId, until it is acked.
import { randomUUID } from 'node:crypto';
import { atEnd, post } from '../harness/index.mjs';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

export class Writer {
  /** What was acked, in the order of sending. */
  acked = [];
  #writing = false;
  #over = false;
  #done = Promise.resolve();

  constructor(server, person, chatId, { every = 5, name = person.name } = {}) {
    Object.assign(this, { server, person, chatId, every, name });
    atEnd(() => (this.#over = true));
  }

  start() {
    this.#writing = true;
    this.#done = (async () => {
      for (let n = 0; this.#writing && !this.#over; n++) {
        await this.write(`${this.name} ${n}`);
        await pause(this.every);
      }
    })();
    return this;
  }

  async stop() {
    this.#writing = false;
    await this.#done;
  }

  /** One text, until it is acked. */
  async write(content) {
    const body = { content, clientId: randomUUID() };
    while (!this.#over) {
      const answer = await post(this.server, `/chats/${this.chatId}/messages`, { token: this.person.token, body }).catch(() => null);
      if (answer?.status === 201) return this.acked.push(answer.body) && answer.body;
      if (answer && answer.status < 500) throw new Error(`${answer.status} ${answer.text}`);
      await pause(20);
    }
  }
}
