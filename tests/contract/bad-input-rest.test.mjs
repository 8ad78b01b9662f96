// Bad input to every route: an envelope that says what is wrong, nothing stored. F2, F8, F26.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { BAD, LEAKS, named, spoil } from '../harness/bad.mjs';
import { call, chatOf, describe, get, isoTime, post, registerAll, startServer } from '../harness/index.mjs';

describe('bad input to routes', () => {
  let server, ann, bob, chatId, routes;
  before(async () => {
    server = await startServer();
    [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    chatId = await chatOf(server, ann, bob);
    const person = { email: 'new@example.org', password: 'long enough', name: 'New' };
    routes = [
      { path: '/auth/register', good: person, fields: { email: 'text', password: 'text', name: 'title' } },
      { path: '/auth/login', good: { email: ann.email, password: ann.password }, fields: { email: 'text', password: 'text' } },
      { path: '/chats', token: ann.token, good: { userId: bob.id }, fields: { userId: 'id' } },
      { path: `/chats/${chatId}/messages`, token: ann.token, good: { content: 'x', clientId: 'k' }, fields: { content: 'text', clientId: 'key' } },
    ];
  });
  after(() => server.finish());

  /** An envelope of one of these statuses that leaks nothing. */
  function isEnvelope({ status, body, text }, path, statuses, what) {
    assert.ok(statuses.includes(status), `${path} ${what}: ${status} ${text.slice(0, 200)}`);
    assert.deepEqual([body.statusCode, body.path], [status, path], what);
    assert.match(body.timestamp, isoTime);
    assert.ok(typeof body.message === 'string' && body.message.length > 0 && body.message.length < 300, what);
    assert.doesNotMatch(text, LEAKS, what);
    assert.ok(!text.includes('accessToken'));
  }
  const counts = async () => {
    const people = (await get(server, '/api/users', { token: ann.token })).body.length;
    const messages = (await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body.length;
    const chats = (await get(server, '/chats', { token: ann.token })).body.length;
    return { people, messages, chats };
  };

  test('fields that are missing, ill-typed, too long or hostile: 400', async () => {
    const before = await counts();
    for (const { path, token, good, fields } of routes) {
      for (const [field, type] of Object.entries(fields)) {
        for (const value of BAD[type].filter((bad) => !Buffer.isBuffer(bad) && named(bad).length < 90_000)) {
          const body = spoil(good, field, value);
          const answer = await post(server, path, { token, body });
          // A text that nobody has as an address or password is a wrong one; a huge body is too large.
          const statuses = path === '/auth/login' && typeof value === 'string' ? [400, 401, 413] : [400, 413];
          isEnvelope(answer, path, statuses, `${field}: ${named(value)}`);
        }
      }
    }
    assert.deepEqual(await counts(), before);
  });

  test('bodies that are no object: 400', async () => {
    for (const { path, token, good } of routes) {
      const raws = ['', '{', '{"', '[]', '[1]', 'null', 'true', '0', '1e999', '"text"', `[${JSON.stringify(good)}]`, '{}', '{"a":1,}', "{'a':1}",
        JSON.stringify(Object.values(good)), '\u0000', '{"email":"\\ud800"}', '[' .repeat(50_000), `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, '\ufeff{}',
        Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])];
      for (const raw of raws) {
        const answer = await post(server, path, { token, raw, headers: { 'content-type': 'application/json' } });
        isEnvelope(answer, path, [400], named(raw));
      }
    }
  });

  test('lone surrogates, duplicate keys and poisonous keys in a body', async () => {
    const path = `/chats/${chatId}/messages`;
    const send = (raw) => post(server, path, { token: ann.token, raw, headers: { 'content-type': 'application/json' } });
    isEnvelope(await send('{"content":"\\ud800"}'), path, [400], 'lone surrogate');
    isEnvelope(await send('{"content":"\\udc00\\ud800"}'), path, [400], 'surrogates the wrong way round');
    assert.equal((await send('{"content":"\\ud83d\\ude00"}')).body.content, '😀');
    assert.equal((await send('{"content":"ok","__proto__":{"x":1},"constructor":{"prototype":{}}}')).status, 201);
  });

  test('other content types count as an empty body: 400', async () => {
    for (const { path, token, good } of routes) {
      for (const type of ['text/plain', 'text/html', 'multipart/form-data; boundary=x', 'application/xml', 'application/jsonp', 'nonsense', '']) {
        const answer = await post(server, path, { token, raw: JSON.stringify(good), headers: { 'content-type': type } });
        isEnvelope(answer, path, [400], type);
      }
    }
    const typed = { raw: JSON.stringify({ content: 'typed' }), token: ann.token, headers: { 'content-type': 'Application/JSON; charset=utf-8' } };
    assert.equal((await post(server, `/chats/${chatId}/messages`, typed)).status, 201);
  });

  test('a body above 100 kB: 413 in the envelope (F26); others are served meanwhile', async () => {
    for (const { path, token, good } of routes) {
      for (const size of [102_401, 1_500_000]) {
        const raw = JSON.stringify({ ...good, more: 'x'.repeat(size) });
        const [answer, other] = await Promise.all([
          post(server, path, { token, raw, headers: { 'content-type': 'application/json' } }).catch((error) => error),
          get(server, '/health'),
        ]);
        assert.equal(other.status, 200);
        // Whoever still sends when the answer is out may see the connection reset instead.
        if (answer instanceof Error) assert.match(answer.code, /EPIPE|ECONNRESET/);
        else isEnvelope(answer, path, [413], `${size} bytes`);
      }
    }
  });

  test('bad ids and methods in paths: 404, on every route with an id', async () => {
    for (const id of ['x', '0', 'null', '%00', '%ff', '..', '%2e%2e%2f', "'%20OR%201=1--", 'a'.repeat(5000), randomUUID(), `${chatId}x`, '%F0%9F%98%80']) {
      for (const [method, path] of [['GET', `/chats/${id}`], ['GET', `/chats/${id}/messages`], ['POST', `/chats/${id}/messages`], ['GET', `/api/chats/${id}`],
        ['GET', `/messages/${id}`], ['GET', `/api/messages/${id}`]]) {
        const answer = await call(server, method, path, { token: ann.token, body: method === 'POST' ? { content: 'x' } : undefined });
        assert.equal(answer.status, 404, `${method} ${path.slice(0, 80)}: ${answer.status}`);
        assert.doesNotMatch(answer.text, LEAKS);
      }
    }
    for (const method of ['PUT', 'PATCH', 'DELETE', 'TRACE']) {
      const { status, body } = await call(server, method, '/chats', { token: ann.token });
      assert.deepEqual([status, body.message], [404, `Cannot ${method} /chats`]);
    }
  });

  test('S12 hostile headers: huge, many, with a token that is none', async () => {
    const long = await get(server, '/auth/me', { headers: { authorization: `Bearer ${'x'.repeat(7000)}` } });
    assert.equal(long.status, 401);
    const huge = await get(server, '/health', { headers: { 'x-huge': 'x'.repeat(15_900) } }).catch((error) => error);
    assert.ok([200, 431].includes(huge.status), String(huge));
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x-${n}`, 'x']));
    assert.ok([200, 431].includes((await get(server, '/health', { headers: many })).status));
    for (const authorization of ['Bearer', 'Bearer ', 'bearer x', 'Basic YTpi', `Bearer ${ann.token} x`, `Bearer  ${ann.token}`, 'null']) {
      assert.equal((await get(server, '/auth/me', { headers: { authorization } })).status, 401, authorization);
    }
  });

  test('an address, a name and a password with odd characters are kept or refused, never mangled', async () => {
    const odd = { email: 'quote\'"<b>@example.org', password: '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 "\'; --', name: '<img src=x onerror=alert(1)>' };
    server.secrets.add(odd.password);
    const made = await post(server, '/auth/register', { body: odd });
    assert.equal(made.status, 201);
    assert.deepEqual([made.body.user.email, made.body.user.name], [odd.email, odd.name]);
    assert.equal((await post(server, '/auth/login', { body: { ...odd, password: `${odd.password} ` } })).status, 401);
    assert.equal((await post(server, '/auth/login', { body: odd })).status, 201);
    const headers = (await get(server, '/api/users', { token: ann.token })).headers;
    assert.match(headers['content-type'], /^application\/json/);
  });
});
