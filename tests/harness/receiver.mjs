// Another system: an HTTP server that takes webhooks, checks their signatures and keeps them.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { held } from './ends.mjs';

/** A receiver on a port of its own; `answer(request)` gives the status, 204 unless said. */
export async function startReceiver(answer = () => 204) {
  const receiver = new Receiver(answer);
  await receiver.open();
  return receiver;
}

class Receiver {
  /** What came, in order: `{headers, text, body, path, at}`. */
  taken = [];

  constructor(answer) {
    this.answer = answer;
  }

  async open() {
    this.server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (some) => (text += some)).on('end', async () => {
        const one = { headers: request.headers, text, path: request.url, at: Date.now(), method: request.method };
        try {
          one.body = JSON.parse(text);
        } catch {
          // Some tests send what is no webhook.
        }
        this.taken.push(one);
        const said = await this.answer(one);
        const { status = said, headers = {}, body = 'whatever is answered is nobody’s business' } = typeof said === 'object' ? said : {};
        response.writeHead(status, headers).end(status === 204 ? undefined : body);
      });
    });
    await held(new Promise((resolve) => this.server.listen(this.port ?? 0, '127.0.0.1', resolve)));
    this.port = this.server.address().port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** What came of a topic. */
  of(topic) {
    return this.taken.filter(({ headers }) => headers['x-zvon-event'] === topic);
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Whether a delivery is signed with that secret, now. */
export function isSigned({ headers, text }, secret, { within = 300 } = {}) {
  const seconds = headers['x-zvon-timestamp'];
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex')}`);
  const given = Buffer.from(headers['x-zvon-signature'] ?? '');
  const isRecent = Math.abs(Date.now() / 1000 - Number(seconds)) < within;
  return isRecent && expected.length === given.length && timingSafeEqual(expected, given);
}
