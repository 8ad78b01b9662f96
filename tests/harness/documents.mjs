// What the server says of itself, and whether what it does is so: its documents, as validators.
import assert from 'node:assert/strict';
import addFormats from 'ajv-formats';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import { get } from './rest.mjs';

const OPTIONS = { strict: false, allErrors: true, validateSchema: false };
const FORMATS = ['uint', 'uint16', 'uint32', 'uint64', 'int64'];

/** Both documents of a running server. */
export async function documents(server) {
  const [rest, events] = await Promise.all([get(server, '/api/docs-json'), get(server, '/api/events-json')]);
  return { rest: new Rest(rest.body), events: new Events(events.body) };
}

class Document {
  constructor(document, Validator) {
    this.document = document;
    this.ajv = new Validator(OPTIONS);
    addFormats(this.ajv);
    for (const format of FORMATS) this.ajv.addFormat(format, true);
    this.ajv.addSchema(document, 'document');
  }

  /** `value` is as the schema at that place of the document says. */
  holds(place, value, what) {
    const pointer = place.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
    const validate = this.ajv.getSchema(`document#/${pointer.map(encodeURIComponent).join('/')}`);
    assert.ok(validate, `${what}: no schema at ${place.join(' ')}`);
    assert.ok(validate(value), `${what}: ${this.ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
  }
}

class Rest extends Document {
  constructor(document) {
    super(document, Ajv2020);
  }

  /** `[name, operation]` of all, named like `GET /chats/{chatId}`. */
  operations() {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]));
  }

  /** The body is one that the operation takes. */
  takes(name, body) {
    const [method, path] = name.split(' ');
    const place = ['paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'];
    this.holds(place, body, `body of ${name}`);
  }

  /** The answer is one that the operation gives; a status that is not named is none. */
  gives(name, { status, body, text, headers }) {
    const [method, path] = name.split(' ');
    const place = ['paths', path, method.toLowerCase(), 'responses', status];
    const told = place.reduce((at, step) => at?.[step], this.document);
    assert.ok(told, `${name} answered ${status}, which its document does not name`);
    if (!told.content) return assert.equal(text, '', `${name}: no body`);
    const [media] = Object.keys(told.content);
    assert.ok(headers['content-type'].startsWith(media), `${name}: ${headers['content-type']}`);
    const value = media === 'application/json' ? body : text;
    this.holds([...place, 'content', media, 'schema'], value, `${status} of ${name}`);
  }
}

class Events extends Document {
  constructor(document) {
    super(document, Ajv);
  }

  /** The names of all commands, or of all events. */
  names(action) {
    return Object.values(this.document.operations).filter((operation) => operation.action === action).map(({ title }) => title);
  }

  /** The value is what the document says of a `command`, `ack`, `refusal` or `event` of that name. */
  is(kind, name, value) {
    this.holds(['components', 'messages', `${kind}.${name.replaceAll(':', '.')}`, 'payload'], value, `${kind} of ${name}`);
  }

  /** Everything that a socket heard is told in the document. */
  told(heard) {
    for (const { event, data } of heard) if (event && event !== 'disconnect') this.is('event', event, data);
  }
}
