// Signing up and in over REST: scenarios 1 to 8.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describe, claimsOf, get, now, post, register, sign, startServer, uuid } from '../harness/index.mjs';

const WRONG = 'Неверный email или пароль';
const ann = { email: 'ann@example.org', password: 'correct horse battery', name: 'Ann' };

describe('signing up and in', () => {
  let server;
  before(async () => {
    server = await startServer();
    server.secrets.add(ann.password);
  });
  after(() => server.finish());

  test('1 a new user: 201, a token, and exactly id, email and name', async () => {
    const { status, body } = await post(server, '/auth/register', { body: ann });
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(body).sort(), ['accessToken', 'user']);
    assert.equal(body.accessToken.split('.').length, 3);
    assert.deepEqual(Object.keys(body.user).sort(), ['email', 'id', 'name']);
    assert.match(body.user.id, uuid);
    assert.deepEqual([body.user.email, body.user.name], [ann.email, ann.name]);
  });

  test('2 sign-in: 201 and the same shape', async () => {
    const { status, body } = await post(server, '/auth/login', { body: ann });
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(body).sort(), ['accessToken', 'user']);
    assert.deepEqual(Object.keys(body.user).sort(), ['email', 'id', 'name']);
    assert.equal(body.user.email, ann.email);
  });

  test('3, 4 an unknown address and a wrong password: 401 with the same text', async () => {
    const unknown = await post(server, '/auth/login', { body: { ...ann, email: 'nobody@example.org' } });
    const wrong = await post(server, '/auth/login', { body: { ...ann, password: 'wrong horse' } });
    for (const { status, body } of [unknown, wrong]) {
      assert.equal(status, 401);
      assert.deepEqual([body.message, body.error, body.statusCode], [WRONG, 'Unauthorized', 401]);
      assert.deepEqual([body.path, body.method], ['/auth/login', 'POST']);
      assert.ok(!('accessToken' in body));
    }
  });

  test('an address longer than any can be: 401 with the same text', async () => {
    const email = `${'x'.repeat(50_000)}@example.org`;
    const { status, body } = await post(server, '/auth/login', { body: { email, password: 'x' } });
    assert.equal(status, 401);
    assert.equal(body.message, WRONG);
  });

  test('an unknown address takes as long as a wrong password (F9)', async () => {
    const time = async (email) => {
      const began = performance.now();
      await post(server, '/auth/login', { body: { email, password: 'wrong horse' } });
      return performance.now() - began;
    };
    const [unknown, wrong] = [[], []];
    for (let n = 0; n < 9; n++) {
      unknown.push(await time('nobody@example.org'));
      wrong.push(await time(ann.email));
    }
    const median = (times) => times.sort((a, b) => a - b)[4];
    assert.ok(median(unknown) > median(wrong) / 3, `${median(unknown)} ms against ${median(wrong)} ms`);
  });

  test('5 a known address: 409', async () => {
    const { status, body } = await post(server, '/auth/register', { body: ann });
    assert.equal(status, 409);
    assert.deepEqual([body.message, body.error], ['User with this email already exists', 'Conflict']);
  });

  test('5 the same address twenty times at once: one 201, the rest 409 (F26)', async () => {
    const body = { ...ann, email: 'race@example.org' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(server, '/auth/register', { body })));
    const statuses = answers.map((answer) => answer.status).sort();
    assert.deepEqual(statuses, [201, ...Array(19).fill(409)]);
  });

  test('6 sign-in without an address or password: 400, never a token (F2)', async () => {
    for (const body of [{ password: ann.password }, { ...ann, email: null }, { email: ann.email }, {}]) {
      const answer = await post(server, '/auth/login', { body });
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.equal(answer.body.error, 'Bad Request');
      assert.ok(!answer.text.includes('accessToken'));
    }
  });

  test('S33 a password may be short at sign-in, not at sign-up (F8)', async () => {
    const short = await post(server, '/auth/login', { body: { ...ann, password: 'x' } });
    assert.equal(short.status, 401);
    const made = await post(server, '/auth/register', { body: { ...ann, email: 'b@example.org', password: '1234567' } });
    assert.equal(made.status, 400);
    assert.match(made.body.message, /password must be at least 8 characters/);
  });

  test('an address that differs by case only signs in, too', async () => {
    const { status } = await post(server, '/auth/login', { body: { ...ann, email: 'ANN@example.org' } });
    assert.equal(status, 201);
  });

  test('urlencoded bodies are understood', async () => {
    const raw = new URLSearchParams({ email: ann.email, password: ann.password }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, body } = await post(server, '/auth/login', { raw, headers });
    assert.equal(status, 201);
    assert.equal(body.user.email, ann.email);
  });

  test('7 a token without sub or email on a guarded route: 403', async () => {
    const exp = now() + 60;
    for (const claims of [{ email: 'a@b.c', exp }, { sub: crypto.randomUUID(), exp }, { exp }]) {
      const { status, body } = await get(server, '/api/users', { token: sign(claims) });
      assert.equal(status, 403);
      assert.equal(body.message, 'Invalid token payload: missing required fields');
      assert.equal(body.error, 'Forbidden');
    }
    const { email, ...incomplete } = claimsOf((await register(server, 'Complete')).token);
    assert.ok(email && incomplete.sid);
    assert.equal((await get(server, '/api/users', { token: sign(incomplete) })).status, 403, 'a live session does not help');
  });

  test('8 no token or an invalid one: 401 Unauthorized without error', async () => {
    const person = await register(server);
    const forged = sign({ sub: person.id, email: person.email, exp: now() + 60 }, { secret: 'another' });
    const headers = [{}, { authorization: person.token }, { authorization: 'Bearer' }, { authorization: 'Basic x' }];
    const answers = [
      ...(await Promise.all(headers.map((one) => get(server, '/api/users', { headers: one })))),
      await get(server, '/api/users', { token: 'nonsense' }),
      await get(server, '/api/users', { token: forged }),
      await get(server, '/chats', { token: sign({ sub: person.id, email: person.email, exp: now() - 1 }) }),
    ];
    for (const { status, body } of answers) {
      assert.equal(status, 401);
      assert.equal(body.message, 'Unauthorized');
      assert.ok(!('error' in body), JSON.stringify(body));
    }
  });

  test('me, signing out, and the token after that (F7)', async () => {
    const { token, id, email, name } = await register(server);
    assert.deepEqual((await get(server, '/auth/me', { token })).body, { id, email, name });
    const out = await post(server, '/auth/logout', { token });
    assert.deepEqual([out.status, out.text], [204, '']);
    assert.equal((await get(server, '/auth/me', { token })).status, 401);
    assert.equal((await post(server, '/auth/logout', { token })).status, 401);
  });
});
