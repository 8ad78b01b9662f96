// What a node counts (it needs `ZVON_METRICS__LISTEN=127.0.0.1:0`), and what tests measure.
import { get } from './rest.mjs';

/** The operators' port of a node, as something that `get` asks. */
export function portOf(server) {
  const said = server.logs.matchAll(/its metrics are at (http:\/\/127\.0\.0\.1:\d+)\/metrics/g);
  return { url: [...said].at(-1)[1] };
}

/** A figure of a node, over all of its labels. */
export async function figure(server, name) {
  const { text } = await get(portOf(server), '/metrics');
  const lines = text.split('\n').filter((line) => line.split(/[{ ]/)[0] === name);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** The value that such a part of the values does not exceed. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)];
}

/** Median, 99th and 99.9th of a hundred, and most, for people. */
export function spread(values) {
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((part) => quantile(values, part));
  return `p50 ${p50} ms, p99 ${p99} ms, p99.9 ${p999} ms, most ${Math.max(...values)} ms, of ${values.length}`;
}
