// What operators see: figures on a port of their own, and the access log.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  chatOf, connect, describe, get, open, portOf, post, refusal, register, registerAll, startServer, TRANSPORTS,
} from '../harness/index.mjs';

const WATCH = { ZVON_METRICS__LISTEN: '127.0.0.1:0' };

/** All figures, by name and labels as they are written. */
async function scrape(port, options) {
  const { status, headers, text } = await get(port, '/metrics', options);
  assert.equal(status, 200, text);
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

/** Scrapes until the figures fit: some follow a moment after what they count. */
async function figures(port, fits) {
  for (let left = 100; ; left--) {
    const now = await scrape(port);
    const value = (name) => now.get(name) ?? 0;
    if (fits(value)) return value;
    assert.ok(left > 0, `not in time: ${fits}\n${[...now].map((pair) => pair.join(' ')).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('metrics', () => {
  let server;
  let port;
  before(async () => {
    server = await startServer({ env: { ...WATCH, ZVON_LIMITS__PINS_PER_MINUTE: '1' } });
    port = portOf(server);
  });
  after(() => server.finish());

  test('every line is a figure, and has its kind', async () => {
    await register(server, 'Ann');
    const { text } = await get(port, '/metrics');
    const kinds = new Set();
    for (const line of text.split('\n').filter(Boolean)) {
      const kind = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
      if (kind) kinds.add(kind[1]);
      if (line.startsWith('#')) continue;
      const figure = /^(\w+)(\{[^{}]*\})? -?[\d.e+-]+$/.exec(line);
      assert.ok(figure, line);
      assert.ok(kinds.has(figure[1].replace(/_(bucket|sum|count)$/, '')) || kinds.has(figure[1]), line);
    }
  });

  test('connections are counted by transport while they live, with what they say and why they end', async () => {
    const before = await figures(port, (value) => value('zvon_sockets') === 0);
    const people = await registerAll(server, 'Ann', 'Bob');
    const sockets = [];
    for (const [n, transports] of TRANSPORTS.entries()) {
      sockets.push(await connect(server, people[n], { transports: [transports].flat() }));
    }
    const live = await figures(port, (value) => value('zvon_sockets') === 2);
    assert.equal(live('zvon_connections{transport="websocket"}'), 1);
    assert.equal(live('zvon_connections{transport="polling"}'), 1);
    assert.equal(live('zvon_handshakes_total'), before('zvon_handshakes_total') + 2);
    assert.ok(live('zvon_rooms') >= 4, 'a user’s and a session’s each');
    assert.ok(live('zvon_packets_total{direction="in"}') >= before('zvon_packets_total{direction="in"}') + 2);
    assert.ok(live('zvon_packets_total{direction="out"}') > before('zvon_packets_total{direction="out"}'));
    for (const socket of sockets) socket.close();
    const ended = 'zvon_sockets_ended_total{reason="client-disconnect"}';
    await figures(port, (value) => value('zvon_sockets') === 0 && value(ended) >= before(ended) + 2);
  });

  test('commands are counted by name and outcome, and take time', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const chatId = await chatOf(server, ann, bob);
    const socket = await connect(server, ann);
    const before = await figures(port, () => true);
    const { id } = await socket.ask('message', { chatId, content: 'counted, not shown' });
    await socket.ask('message', { chatId: ann.id, content: 'to a chat that is none' });
    await socket.ask('message', { chatId, content: '' });
    await socket.ask('message:pin', { chatId, messageId: id });
    await socket.ask('message:unpin', { chatId, messageId: id });
    socket.tell('no such command', {});
    await socket.settle();
    const rise = (value, name) => value(name) - before(name);
    await figures(port, (value) => rise(value, 'zvon_command_seconds_count{command="message"}') === 3);
    const value = await figures(port, () => true);
    const outcome = (command, word) => rise(value, `zvon_commands_total{outcome="${word}",command="${command}"}`);
    assert.equal(outcome('message', 'ok'), 1);
    assert.equal(outcome('message', 'forbidden'), 1);
    assert.equal(outcome('message', 'invalid'), 1);
    assert.equal(outcome('message:pin', 'ok'), 1);
    assert.equal(outcome('message:unpin', 'rate_limited'), 1);
    assert.equal(rise(value, 'zvon_limiter_refused_total{class="pin"}'), 1);
    assert.equal(rise(value, 'zvon_unknown_events_total'), 1);
    assert.ok(rise(value, 'zvon_commit_messages_count') >= 1);
    assert.ok(rise(value, 'zvon_commit_messages_sum') >= 1);
    assert.ok(rise(value, 'zvon_store_seconds_count{verb="append"}') >= 1);
    assert.ok(value('zvon_store_seconds_sum{verb="append"}') > 0);
    socket.close();
  });

  test('sign-ins, sessions and requests are counted by how they went', async () => {
    const before = await figures(port, () => true);
    const ann = await register(server, 'Ann');
    const wrong = { email: ann.email, password: 'not the password of anybody' };
    assert.equal((await post(server, '/auth/login', { body: wrong })).status, 401);
    assert.equal((await post(server, '/auth/logout', { token: ann.token })).status, 204);
    await refusal(server, { token: ann.token });
    const value = await figures(port, (value) => value('zvon_sockets_refused_total{code="session_revoked"}') > 0);
    const rise = (name) => value(name) - before(name);
    assert.equal(rise('zvon_sign_ups_total{outcome="ok"}'), 1);
    assert.equal(rise('zvon_sign_ins_total{outcome="unauthorized"}'), 1);
    assert.equal(rise('zvon_sessions_begun_total'), 1);
    assert.equal(rise('zvon_sessions_ended_total{reason="logout"}'), 1);
    assert.equal(rise('zvon_http_requests_total{status="2xx"}'), 2);
    assert.equal(rise('zvon_http_requests_total{status="4xx"}'), 1);
    assert.equal(rise('zvon_http_request_seconds_count'), 3);
  });

  test('the process is measured, and no figure names anybody', async () => {
    const ann = await register(server, 'Ann');
    const socket = await connect(server, ann);
    const value = await figures(port, (value) => value('zvon_sockets') === 1);
    for (const name of ['cpu_seconds_total', 'resident_memory_bytes', 'open_fds', 'max_fds', 'start_time_seconds']) {
      assert.ok(value(`process_${name}`) > 0, name);
    }
    const { text } = await get(port, '/metrics');
    for (const secret of [ann.id, ann.email, ann.token, socket.id, '127.0.0.1']) assert.ok(!text.includes(secret), secret);
    socket.close();
  });

  test('the operators’ port serves health and no chat, the public one no metrics', async () => {
    for (const path of ['/health', '/health/liveness', '/health/readiness']) {
      assert.equal((await get(port, path)).status, 200, path);
    }
    for (const path of ['/', '/auth/me', '/chats', '/api/users', '/socket.io/?EIO=4&transport=polling']) {
      assert.equal((await get(port, path)).status, 404, path);
    }
    assert.equal((await post(port, '/auth/register', { body: {} })).status, 404);
    assert.equal((await post(port, '/metrics')).status, 405);
    for (const path of ['/metrics', '/metrics/']) assert.equal((await get(server, path)).status, 404, path);
  });
});

describe('metrics by configuration', () => {
  test('S34 with a token only who has it sees metrics; probes need none', async () => {
    const token = 'a-token-of-the-scraper-0123456789';
    const server = await startServer({ env: { ...WATCH, ZVON_METRICS__TOKEN: token } });
    server.secrets.add(token);
    const port = portOf(server);
    for (const options of [{}, { token: 'a-token-of-the-scraper-012345678X' }, { headers: { authorization: token } }]) {
      const { status, headers, text } = await get(port, '/metrics', options);
      assert.deepEqual([status, headers['www-authenticate'], text], [401, 'Bearer', '']);
    }
    assert.equal((await get(port, `/metrics?token=${token}`)).status, 401);
    assert.ok((await scrape(port, { token })).has('zvon_sockets'));
    assert.equal((await get(port, '/health/readiness')).status, 200);
    await server.finish();
  });

  test('S34 without a port there are none', async () => {
    const server = await startServer();
    assert.equal((await get(server, '/metrics')).status, 404);
    assert.doesNotMatch(server.logs, /its metrics are at/);
    await server.finish();
  });
});

describe('the access log', () => {
  let server;
  before(async () => (server = await startServer({ env: { ZVON_LOG__FORMAT: 'json', ZVON_LOG__LEVEL: 'trace' } })));
  after(() => server.finish());

  const lines = () => server.logs.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  /** The first line of the access log that fits. */
  async function line(fits) {
    for (let left = 100; left > 0; left--) {
      const found = lines().find((entry) => entry.target === 'zvon::access' && fits(entry));
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`no line for ${fits}`);
  }

  test('S29 a request: who, what, how it went; never its query', async () => {
    const ann = await register(server, 'Ann');
    const query = 'a-secret-that-came-in-a-query';
    server.secrets.add(query);
    assert.equal((await get(server, `/chats?token=${query}`, { token: ann.token })).status, 200);
    const entry = await line((entry) => entry.path === '/chats');
    assert.deepEqual(
      [entry.message, entry.level, entry.method, entry.status, entry['user.id'], entry.peer],
      ['request', 'INFO', 'GET', 200, ann.id, '127.0.0.1'],
    );
    assert.ok(entry.duration_ms >= 0 && entry.bytes === 2, JSON.stringify(entry));
    const signedUp = await line((entry) => entry.path === '/auth/register');
    assert.deepEqual([signedUp.method, signedUp.status, signedUp['user.id']], ['POST', 201, undefined]);
    assert.equal((await get(server, '/nowhere/at/all')).status, 404);
    assert.equal((await line((entry) => entry.path === '/nowhere/at/all')).status, 404);
  });

  test('a connection: one line at its end, none for its polls', async () => {
    for (const transports of TRANSPORTS) {
      const ann = await register(server, 'Ann');
      const socket = await connect(server, ann, { transports: [transports].flat() });
      await socket.settle();
      const sid = socket.io.io.engine.id;
      server.secrets.add(sid);
      socket.close();
      const entry = await line((entry) => entry['user.id'] === ann.id && entry.message === 'connection ended');
      assert.deepEqual([entry.transport, entry.reason, entry.recovered], [`${transports}`, 'client-disconnect', false]);
      assert.match(entry['session.id'], /^[0-9a-f-]{36}$/);
      assert.ok(entry.packets_in >= 2 && entry.packets_out >= 2 && entry.duration_ms >= 0, JSON.stringify(entry));
      const all = lines().filter((entry) => entry['user.id'] === ann.id && entry.message === 'connection ended');
      assert.equal(all.length, 1);
    }
    assert.ok(!lines().some((entry) => entry.path?.startsWith('/socket.io')), 'polls leave no lines');
  });

  test('a connection that is refused, and one that never says who it is', async () => {
    await refusal(server, { token: 'a-token-that-nobody-signed-0123' });
    server.secrets.add('a-token-that-nobody-signed-0123');
    assert.equal((await line((entry) => entry.message === 'connection refused')).code, 'unauthorized');
    const stranger = await line((entry) => entry.message === 'connection ended without a socket');
    assert.deepEqual([stranger.transport, stranger.peer], ['websocket', '127.0.0.1']);
    assert.equal(stranger['user.id'], undefined);
  });

  test('nothing that a client sends makes or breaks a line', async () => {
    const forged = '2026-01-01T00:00:00Z  INFO zvon::access: request user.id=forged';
    for (const path of [`/%0d%0a${encodeURIComponent(forged)}`, '/%1b%5b31m', '/"}{"level":"forged"']) {
      await get(server, path, { headers: { 'x-forged': forged, 'user-agent': forged } });
    }
    const socket = open(server, { auth: { token: forged }, reconnection: false });
    await socket.refused;
    socket.close();
    await line((entry) => entry.path === '/"}{"level":"forged"');
    for (const text of server.logs.split('\n').filter(Boolean)) {
      assert.ok(text.startsWith('Zvon is at') || JSON.parse(text).level, text);
      assert.ok(!text.startsWith('2026-01-01T00:00:00Z') && !text.includes('\u001b'), text);
    }
  });
});
