// Redis' own answers in a stream of bytes, one by one: what a proxy may drop or rewrite. RESP 2 and 3.
import { Transform } from 'node:stream';

const CR = 13;
/** Types whose line is all of them. */
const LINES = new Set('+-:_,#('.split('').map((kind) => kind.charCodeAt(0)));
const TEXTS = new Set('$!='.split('').map((kind) => kind.charCodeAt(0)));
/** How many values a count of one stands for: of an array, a set, a push; of a map, of attributes. */
const PARTS = new Map(Object.entries({ '*': 1, '~': 1, '>': 1, '%': 2, '|': 2 }).map(([kind, each]) => [kind.charCodeAt(0), each]));

/** Where the value that begins at `at` ends; -1 if it is not all there yet. */
export function endOf(bytes, at) {
  const line = bytes.indexOf(CR, at);
  if (line < 0 || line + 2 > bytes.length) return -1;
  const kind = bytes[at];
  if (LINES.has(kind)) return line + 2;
  const count = Number(bytes.toString('latin1', at + 1, line));
  if (TEXTS.has(kind)) {
    const end = count < 0 ? line + 2 : line + 2 + count + 2;
    return end <= bytes.length ? end : -1;
  }
  const each = PARTS.get(kind);
  if (each === undefined || Number.isNaN(count)) throw new Error(`no RESP: ${bytes.toString('latin1', at, at + 40)}`);
  let end = line + 2;
  // Attributes go before the value that they are of.
  for (let left = Math.max(count, 0) * each + (kind === 0x7c ? 1 : 0); left > 0 && end >= 0; left--) end = endOf(bytes, end);
  return end;
}

/** Passes on each whole answer as `change(answer)` wants it; `null` drops it. */
export function answers(change) {
  let rest = Buffer.alloc(0);
  return new Transform({
    transform(chunk, _, done) {
      rest = rest.length ? Buffer.concat([rest, chunk]) : chunk;
      let at = 0;
      for (let end = endOf(rest, at); end >= 0; end = at < rest.length ? endOf(rest, at) : -1) {
        const changed = change(rest.subarray(at, end));
        if (changed) this.push(changed);
        at = end;
      }
      rest = rest.subarray(at);
      done();
    },
  });
}

/** Whether an answer is a message of a channel that is subscribed. */
export function isPushed(answer) {
  return /^[>*]3\r\n\$\d+\r\ns?message\r\n/.test(answer.toString('latin1', 0, 40));
}

/** Says another port where an answer names that one, as a router that translates addresses. */
export function translated(from, to) {
  const text = (port) => `$${String(port).length}\r\n${port}\r\n`;
  return (answer) => Buffer.from(answer.toString('latin1').replaceAll(text(from), () => text(to)), 'latin1');
}
