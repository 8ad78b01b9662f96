// HTTP around the routes: CORS, unknown paths, health, the web client. Scenarios 14 to 16.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { call, describe, get, isoTime, register, startServer } from '../harness/index.mjs';

const FRONT_END = 'https://chat.example.org';

describe('HTTP', () => {
  let server;
  before(async () => (server = await startServer({ env: { FRONTEND_URL: FRONT_END } })));
  after(() => server.finish());

  test('14 S17 preflights: 204, the exact origin, credentials', async () => {
    for (const path of ['/auth/login', '/auth/register', '/chats', '/nowhere']) {
      const { status, headers, text } = await call(server, 'OPTIONS', path, {
        headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
      });
      assert.deepEqual([status, text], [204, ''], path);
      assert.equal(headers['access-control-allow-origin'], FRONT_END);
      assert.equal(headers['access-control-allow-credentials'], 'true');
      assert.equal(headers['access-control-allow-methods'], 'GET,POST,PUT,DELETE,PATCH,OPTIONS');
      assert.equal(headers['access-control-allow-headers'], 'content-type,authorization');
      assert.match(headers.vary, /Origin/);
    }
  });

  test('14 every answer has the origin, errors and Socket.IO too', async () => {
    for (const path of ['/health', '/nowhere', '/auth/me', '/socket.io/?EIO=4&transport=polling']) {
      const { headers } = await get(server, path);
      assert.equal(headers['access-control-allow-origin'], FRONT_END, path);
      assert.equal(headers['access-control-allow-credentials'], 'true', path);
    }
  });

  test('15 an unknown route: the 404 envelope, with the query in its path', async () => {
    for (const [method, path] of [['GET', '/nowhere?a=1'], ['POST', '/auth/nothing'], ['DELETE', '/chats'], ['PUT', '/health']]) {
      const { status, body } = await call(server, method, path);
      assert.equal(status, 404);
      assert.match(body.timestamp, isoTime);
      const { timestamp, ...rest } = body;
      const message = `Cannot ${method} ${path}`;
      assert.deepEqual(rest, { statusCode: 404, path, method, message, error: 'Not Found' });
    }
  });

  /** What nodes tell of besides, which decides nothing. */
  const aside = () => (server.nodes ? { redis: { status: 'up' } } : {});

  test('16 health, liveness, readiness', async () => {
    for (const [path, names] of [['/health', ['database', 'memory_heap', 'memory_rss']], ['/health/readiness', ['database']]]) {
      const { status, body, headers } = await get(server, path);
      assert.equal(status, 200);
      const info = Object.fromEntries(names.map((name) => [name, { status: 'up' }]));
      const details = path === '/health' ? { ...info, ...aside() } : info;
      assert.deepEqual(body, { status: 'ok', info, error: {}, details });
      assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate');
    }
    const { status, body } = await get(server, '/health/liveness');
    assert.deepEqual([status, body.status], [200, 'ok']);
    assert.match(body.timestamp, isoTime);
  });

  test('16 a memory threshold that is passed: 503 with the envelope and the details', async () => {
    const small = await startServer({ env: { ZVON_HEALTH__RSS_MAX: '1' } });
    const { status, body, headers } = await get(small, '/health');
    assert.deepEqual([status, body.statusCode, body.status], [503, 503, 'error']);
    assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate');
    assert.deepEqual(body.error, { memory_rss: { status: 'down', message: 'Used rss exceeded the set threshold' } });
    assert.deepEqual(body.info, { database: { status: 'up' }, memory_heap: { status: 'up' } });
    assert.deepEqual(body.details, { ...body.info, ...body.error, ...aside() });
    assert.equal((await get(small, '/health/readiness')).status, 200);
    await small.finish();
  });

  test('people get the web client on its paths, programs get JSON', async () => {
    const { token } = await register(server);
    const id = randomUUID();
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (const path of ['/', '/login', '/register', '/chats', `/chats/${id}`, `/chats/${id}?at=3`, '/people', '/settings/look']) {
      const { status, headers, text } = await get(server, path, { headers: { accept } });
      assert.equal(status, 200, path);
      assert.match(headers['content-type'], /^text\/html/, path);
      assert.match(text, /<!doctype html>/i);
    }
    for (const path of ['/chats', '/users']) {
      const { headers, status } = await get(server, path, { token, headers: { accept: 'application/json' } });
      assert.equal(status, 200);
      assert.match(headers['content-type'], /^application\/json/);
      assert.match((await get(server, path, { token })).headers['content-type'], /^application\/json/);
    }
    const json = await get(server, '/health', { headers: { accept } });
    assert.match(json.headers['content-type'], /^application\/json/);
    const posted = await call(server, 'POST', '/login', { headers: { accept } });
    assert.equal(posted.status, 404);
    assert.equal(posted.body.message, 'Cannot POST /login');
  });

  test('S19 a page runs only what came with it, and stands in no frame', async () => {
    const accept = 'text/html,*/*;q=0.8';
    for (const path of ['/', '/login', `/chats/${randomUUID()}?at=3`, '/settings/devices', '/no/such/page']) {
      const { headers } = await get(server, path, { headers: { accept } });
      assert.match(headers['content-type'], /^text\/html/, path);
      const policy = policyOf(headers);
      assert.deepEqual(policy['default-src'], ["'self'"], path);
      assert.deepEqual(policy['script-src'], ["'self'"]);
      assert.deepEqual(policy['style-src'], ["'self'"]);
      for (const name of ['object-src', 'base-uri', 'frame-ancestors']) assert.deepEqual(policy[name], ["'none'"], name);
      assert.deepEqual(policy['form-action'], ["'self'"]);
      assert.doesNotMatch(headers['content-security-policy'], /unsafe-|https?:|\*/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
    }
  });

  test('S19 texts of people come as they were stored, in answers that are no page and are not taken for one', async () => {
    const name = '<script>alert(1)</script>';
    const { token, id } = await register(server, name);
    const html = { accept: 'text/html' };
    const answers = [
      await get(server, '/auth/me', { token, headers: html }),
      await get(server, '/api/users', { token, headers: html }),
      await get(server, '/api/chats', { token, headers: html }),
      await get(server, '/auth/sessions', { token, headers: { ...html, 'user-agent': name } }),
      await get(server, '/health', { headers: html }),
      await get(server, `/nowhere?${encodeURIComponent(name)}`),
      await call(server, 'POST', '/auth/login', { raw: '{', headers: { 'content-type': 'application/json' } }),
      await get(server, '/auth/me'),
      await call(server, 'OPTIONS', '/chats', { headers: { 'access-control-request-method': 'POST' } }),
      await get(server, '/socket.io/?EIO=4&transport=polling'),
      await get(server, '/socket.io/?EIO=3&transport=none'),
    ];
    for (const { headers, text, status } of answers) {
      const what = `${status} ${text.slice(0, 80)}`;
      if (text) assert.match(headers['content-type'], /^(application\/json|text\/plain)/, what);
      assert.equal(headers['x-content-type-options'], 'nosniff', what);
      assert.equal(headers['referrer-policy'], 'no-referrer', what);
      const policy = policyOf(headers);
      for (const name of ['default-src', 'frame-ancestors']) assert.deepEqual(policy[name], ["'none'"], what);
    }
    assert.deepEqual([answers[0].body.id, answers[0].body.name], [id, name]);
  });
});

/** The content security policy, by directive. */
function policyOf(headers) {
  const parts = headers['content-security-policy'].split(';').map((part) => part.trim().split(/\s+/));
  return Object.fromEntries(parts.map(([name, ...sources]) => [name, sources]));
}
