// REST calls, each on a connection of its own unless an agent is given, so that restarts leave no
// stale ones behind.
import { request } from 'node:http';

/**
 * One call. `body` is sent as JSON; `raw` as it is. The answer's `body` is parsed if it is JSON.
 * A server that answers before it has read everything may cut the sending short: the answer counts.
 */
export function call(server, method, path, { body, raw, token, headers = {}, agent = false } = {}) {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const all = { ...headers };
  if (body !== undefined) all['content-type'] ??= 'application/json';
  if (token !== undefined) all.authorization = `Bearer ${token}`;
  if (payload !== undefined) all['content-length'] ??= Buffer.byteLength(payload);
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers: all, agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const parsed = parse(text);
        // Tokens that the server gives out are never to be found in its logs.
        for (const field of ['accessToken', 'refreshToken']) if (parsed?.[field]) server.secrets?.add(parsed[field]);
        resolve({ status: answer.statusCode, headers: answer.headers, text, body: parsed });
      });
    });
    asked.setTimeout(10_000, () => asked.destroy(new Error(`${method} ${path}: no answer in 10 s`)));
    asked.on('error', reject);
    asked.end(payload);
  });
}

export const get = (server, path, options) => call(server, 'GET', path, options);
export const post = (server, path, options) => call(server, 'POST', path, options);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
