// A user's sessions: listed, ended from elsewhere, replaced, refreshed. Decision 0.1.7.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  call, chatOf, claimsOf, connect, describe, get, now, post, refusal, register, registerAll, sign, signIn, startServer, TRANSPORTS, until, uuid,
} from '../harness/index.mjs';

const sessions = async (server, person) => (await get(server, '/auth/sessions', { token: person.token })).body;
const end = (server, person, path = '') => call(server, 'DELETE', `/auth/sessions${path}`, { token: person.token });
const sidOf = (person) => claimsOf(person.token).sid;

/** A sign-in that asks for a refresh token, as `agent`. */
async function signInFresh(server, { email, password }, agent = 'an app') {
  const answer = await post(server, '/auth/login', { body: { email, password, refresh: true }, headers: { 'user-agent': agent } });
  assert.equal(answer.status, 201, answer.text);
  return tokens(server, answer);
}

function tokens(server, { body }) {
  server.secrets.add(body.accessToken).add(body.refreshToken);
  return { token: body.accessToken, refresh: body.refreshToken };
}

const refresh = (server, token) => post(server, '/auth/refresh', { body: { refreshToken: token } });

/** Expects that the socket is told why its session ended, and that it cannot come back. */
async function hearsItsEnd(socket, reason) {
  assert.deepEqual(await socket.hear('session:revoked'), { reason });
  assert.match(await socket.hear('disconnect'), /transport close|transport error/, 'never io server disconnect');
  await until(() => socket.refusals.length > 0, () => 'a refusal');
  const [{ message, data }] = socket.refusals;
  assert.deepEqual([message, data], ['User not found', { code: 'SESSION_REVOKED' }]);
  socket.close();
}

for (const transports of TRANSPORTS) {
  describe(`sessions and devices over ${transports}`, () => {
    let server;
    before(async () => (server = await startServer()));
    after(() => server.finish());

    test('S7 all of them are listed, the last used first, with where they came from', async () => {
      const ann = await register(server, 'Ann');
      const phone = await signInFresh(server, ann, 'Phone/1.0');
      const list = await sessions(server, ann);
      assert.equal(list.length, 2);
      for (const session of list) {
        const keys = ['address', 'createdAt', 'device', 'expiresAt', 'id', 'isCurrent', 'lastSeenAt'];
        assert.deepEqual(Object.keys(session).sort(), keys);
        assert.match(session.id, uuid);
        assert.equal(session.address, '127.0.0.1');
      }
      const [one] = list.filter(({ id }) => id === sidOf(phone));
      assert.deepEqual([one.device, one.isCurrent], ['Phone/1.0', false]);
      assert.equal(list.find(({ id }) => id === sidOf(ann)).isCurrent, true);
    });

    test('S6 one is ended from another device: its sockets hear why within a second, and it writes nothing', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const chatId = await chatOf(server, ann, bob);
      const other = await signIn(server, ann);
      const socket = await connect(server, other, { transports });
      const [mine] = [await connect(server, ann, { transports })];
      assert.equal((await end(server, ann, `/${sidOf(other)}`)).status, 204);
      const at = Date.now();
      const write = await post(server, `/chats/${chatId}/messages`, { token: other.token, body: { content: 'no' } });
      assert.equal(write.status, 401);
      await hearsItsEnd(socket, 'revoked');
      assert.ok(Date.now() - at < 5000);
      assert.deepEqual((await sessions(server, ann)).map(({ id }) => id), [sidOf(ann)]);
      await mine.settle();
      assert.deepEqual(mine.disconnects, []);
      mine.close();
      assert.equal((await end(server, ann, `/${sidOf(other)}`)).status, 404, 'it is over');
    });

    test('S6 S7 all others at once', async () => {
      const ann = await register(server, 'Ann');
      const others = [await signIn(server, ann), await signIn(server, ann)];
      const sockets = await Promise.all(others.map((other) => connect(server, other, { transports })));
      assert.equal((await end(server, ann)).status, 204);
      await Promise.all(sockets.map((socket) => hearsItsEnd(socket, 'revoked')));
      assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 200);
      assert.equal((await sessions(server, ann)).length, 1);
    });

    test('S6 a changed password ends the others and is the one that counts', async () => {
      const ann = await register(server, 'Ann');
      const other = await signIn(server, ann);
      const socket = await connect(server, other, { transports });
      const change = (body) => post(server, '/auth/password', { token: ann.token, body });
      const newPassword = `another ${randomUUID()}`;
      server.secrets.add(newPassword);
      const wrong = await change({ currentPassword: 'not this one', newPassword });
      assert.deepEqual([wrong.status, wrong.body.message], [403, 'The present password is another one']);
      assert.equal((await change({ currentPassword: ann.password, newPassword: 'short' })).status, 400);
      assert.equal((await change({ currentPassword: ann.password })).status, 400);
      await socket.settle();
      assert.deepEqual(socket.disconnects, []);
      assert.equal((await change({ currentPassword: ann.password, newPassword })).status, 204);
      await hearsItsEnd(socket, 'password-changed');
      assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 200);
      const login = (password) => post(server, '/auth/login', { body: { email: ann.email, password } });
      assert.equal((await login(ann.password)).status, 401);
      assert.equal((await login(newPassword)).status, 201);
    });

    test('no session begins with a password that is none any more, however close the change', async () => {
      const ann = await register(server, 'Ann');
      const newPassword = `another ${randomUUID()}`;
      server.secrets.add(newPassword);
      const old = () => post(server, '/auth/login', { body: { email: ann.email, password: ann.password } });
      const change = post(server, '/auth/password', { token: ann.token, body: { currentPassword: ann.password, newPassword } });
      const tries = await Promise.all([old(), old(), change.then(old), change.then(() => null), old(), old()]);
      assert.equal((await change).status, 204);
      for (const answer of tries.filter((one) => one?.status === 201)) {
        server.secrets.add(answer.body.accessToken);
        assert.equal((await get(server, '/auth/me', { token: answer.body.accessToken })).status, 401);
      }
      assert.deepEqual((await sessions(server, ann)).map(({ id }) => id), [sidOf(ann)]);
    });

    test('an eleventh ends the oldest', async () => {
      const ann = await register(server, 'Ann');
      const socket = await connect(server, ann, { transports });
      let last;
      for (let n = 0; n < 9; n++) last = await signIn(server, ann);
      await socket.settle();
      assert.deepEqual(socket.disconnects, [], 'ten may be');
      await signIn(server, ann);
      await hearsItsEnd(socket, 'replaced');
      assert.equal((await sessions(server, last)).length, 10);
    });

    test('S5 a refresh token is good once; its copy ends the session, sockets included', async () => {
      const ann = await register(server, 'Ann');
      const first = await signInFresh(server, ann);
      const socket = await connect(server, { ...ann, ...first }, { transports });
      const second = tokens(server, await refresh(server, first.refresh));
      assert.equal((await get(server, '/auth/me', { token: second.token })).status, 200);
      assert.equal((await get(server, '/auth/me', { token: first.token })).status, 200, 'the session goes on');
      const third = tokens(server, await refresh(server, second.refresh));
      const copy = await refresh(server, first.refresh);
      assert.deepEqual([copy.status, copy.body.message], [401, 'The session has ended']);
      await hearsItsEnd(socket, 'token-reused');
      assert.equal((await refresh(server, third.refresh)).status, 401, 'the good one, too');
      assert.equal((await get(server, '/auth/me', { token: third.token })).status, 401);
      assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 200, 'other sessions are others');
    });
  });
}

describe('sessions and their tokens', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server.finish());

  test('short tokens come only with a refresh token; without asking there is one long one', async () => {
    const ann = await register(server, 'Ann');
    const life = ({ token }) => claimsOf(token).exp - claimsOf(token).iat;
    assert.equal(life(ann), 86_400);
    const fresh = await signInFresh(server, ann);
    assert.equal(life(fresh), 3600);
    assert.equal(life(tokens(server, await refresh(server, fresh.refresh))), 3600);
    const plain = await post(server, '/auth/login', { body: { email: ann.email, password: ann.password } });
    assert.deepEqual(Object.keys(plain.body).sort(), ['accessToken', 'user']);
  });

  test('S5 what is not a good refresh token is refused, whatever it is', async () => {
    const ann = await register(server, 'Ann');
    const fresh = await signInFresh(server, ann);
    const bytes = Buffer.from(fresh.refresh, 'base64url');
    assert.ok(bytes.length >= 32);
    const changed = [0, 16, 19, 20, bytes.length - 1].map((at) => {
      const other = Buffer.from(bytes);
      other[at] ^= 1;
      return other.toString('base64url');
    });
    for (const token of ['', 'x', ...changed, fresh.token, `${fresh.refresh}AA`, fresh.refresh.slice(2), '🙂']) {
      assert.equal((await refresh(server, token)).status, 401, token);
    }
    for (const body of [{}, { refreshToken: 7 }, { refreshToken: null }, [fresh.refresh]]) {
      assert.equal((await post(server, '/auth/refresh', { body })).status, 400, JSON.stringify(body));
    }
    assert.equal((await refresh(server, fresh.refresh)).status, 201, 'none of that ended the session');
    assert.equal((await get(server, '/auth/me', { token: fresh.refresh })).status, 401, 'nor is it an access token');
  });

  test('S5 nothing that is kept can be used as a token', async () => {
    const ann = await register(server, 'Ann');
    const fresh = await signInFresh(server, ann);
    tokens(server, await refresh(server, fresh.refresh));
    const all = server.dump();
    assert.ok(all.includes(ann.email), 'this is where it would be');
    for (const secret of [ann.token, ann.password, fresh.token, fresh.refresh]) assert.ok(!all.includes(secret));
    const mac = Buffer.from(fresh.refresh, 'base64url').subarray(20);
    assert.ok(!all.includes(mac));
  });

  test('S10 somebody else’s session answers like none', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const [foreign, none] = [await end(server, ann, `/${sidOf(bob)}`), await end(server, ann, `/${randomUUID()}`)];
    const plain = ({ status, body }) => ({ ...body, status, path: '', timestamp: '' });
    assert.equal(foreign.status, 404);
    assert.deepEqual(plain(foreign), plain(none));
    assert.equal((await get(server, '/auth/me', { token: bob.token })).status, 200);
    assert.equal((await end(server, ann, '/nonsense')).status, 400);
  });

  test('the present password is not to be guessed through the change', async () => {
    const limited = await startServer({ env: { ZVON_LIMITS__SIGN_IN_PER_MINUTE: '5' } });
    const ann = await register(limited, 'Ann');
    const guess = () => post(limited, '/auth/password', { token: ann.token, body: { currentPassword: 'guess', newPassword: 'long enough' } });
    for (let n = 0; n < 5; n++) assert.equal((await guess()).status, 403);
    assert.equal((await guess()).status, 429);
    await limited.finish();
  });
});

describe('the life of sessions', () => {
  test('S7 a session lives on while it is used, by a request or by a socket, and ends when it is not', async () => {
    const env = { ZVON_AUTH__ACCESS_TOKEN_LIFE: '1h', ZVON_AUTH__SESSION_LIFE: '8s', ZVON_AUTH__TOKEN_LIFE: '8s' };
    const server = await startServer({ env });
    const people = await registerAll(server, 'Asking', 'Connected', 'Idle');
    const [asking, connected, idle] = await Promise.all(people.map((person) => signInFresh(server, person)));
    const socket = await connect(server, connected);
    const me = async ({ token }) => (await get(server, '/auth/me', { token })).status;
    const began = Date.now();
    while (Date.now() - began < 11_000) {
      assert.equal(await me(asking), 200, `after ${Date.now() - began} ms`);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    assert.equal(await me(idle), 401, 'nobody used it');
    assert.equal((await refresh(server, idle.refresh)).status, 401);
    await socket.settle();
    assert.deepEqual(socket.disconnects, []);
    assert.equal((await post(server, '/chats', { token: connected.token, body: { userId: people[0].id } })).status, 201);
    socket.close();
    // Asking would be using it: so once, when it must be over.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    assert.equal(await me(connected), 401, 'without its socket it ends');
    await server.finish();
  });
});

describe('tokens of the existing back end, which know of no session', () => {
  const legacy = (person) => sign({ sub: person.id, email: person.email, iat: now(), exp: now() + 600 });

  test('are refused unless a setting takes them', async () => {
    const server = await startServer();
    const ann = await register(server, 'Ann');
    assert.equal((await get(server, '/auth/me', { token: legacy(ann) })).status, 401);
    const { message, data } = await refusal(server, { token: legacy(ann) });
    assert.deepEqual([message, data], ['User not found', { code: 'USER_UNKNOWN' }]);
    await server.finish();
  });

  test('are sessions like any other where they are taken: listed, ended, and dead from then on', async () => {
    const server = await startServer({ env: { ZVON_AUTH__ACCEPT_LEGACY_TOKENS: 'true' } });
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const token = legacy(ann);
    server.secrets.add(token);
    assert.equal((await get(server, '/auth/me', { token })).status, 200);
    const socket = await connect(server, { token });
    const chatId = await chatOf(server, { ...ann, token }, bob);
    assert.ok((await socket.ask('message', { chatId, content: 'from then' })).id);
    const list = await sessions(server, ann);
    assert.equal(list.length, 2, 'the one token is one session');
    const [old] = list.filter(({ isCurrent }) => !isCurrent);
    assert.equal((await end(server, ann, `/${old.id}`)).status, 204);
    await hearsItsEnd(socket, 'revoked');
    assert.equal((await get(server, '/auth/me', { token })).status, 401);
    await server.kill();
    await server.start();
    assert.equal((await get(server, '/auth/me', { token })).status, 401, 'after a restart, too');
    const expired = sign({ sub: ann.id, email: ann.email, iat: now() - 9, exp: now() - 1 });
    assert.equal((await get(server, '/auth/me', { token: expired })).status, 401);
    await server.finish();
  });
});
