// Who may connect: scenarios 19 to 25 and the table of refusals, over both transports.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { claimsOf, connect, describe, get, now, open, post, refusal, register, sign, signIn, startServer, TRANSPORTS } from '../harness/index.mjs';

const NOT_FOUND = 'User not found';

for (const transports of TRANSPORTS) {
  describe(`socket authentication over ${transports}`, () => {
    let server, ann;
    before(async () => {
      server = await startServer();
      ann = await register(server, 'Ann');
    });
    after(() => server.finish());
    const refused = (auth) => refusal(server, auth, { transports });

    test('19 no token: "No token provided"', async () => {
      for (const auth of [undefined, {}, { token: '' }, { token: null }]) {
        assert.deepEqual(await refused(auth), { message: 'No token provided', data: undefined });
      }
    });

    test('20 not three parts: "jwt malformed"', async () => {
      for (const token of ['invalid-token', 'Bearer invalid-token', 'a.b', 'a.b.c.d', 'x'.repeat(100_000)]) {
        assert.equal((await refused({ token })).message, 'jwt malformed');
      }
    });

    test('21 a signed token of an unknown user: "User not found"', async () => {
      const { sid } = claimsOf(ann.token);
      for (const sub of [randomUUID(), 'not-a-uuid']) {
        const token = sign({ sub, email: 'x@y.z', sid, exp: now() + 60 });
        assert.deepEqual(await refused({ token }), { message: NOT_FOUND, data: { code: 'USER_UNKNOWN' } });
      }
    });

    test('22 a valid token connects, with `Bearer ` and without', async () => {
      for (const token of [`Bearer ${ann.token}`, ann.token]) {
        const socket = open(server, { auth: { token }, transports });
        assert.deepEqual(await socket.hear('connection:established'), { userId: ann.id });
        assert.match(socket.id, /^[A-Za-z0-9_-]{20}$/);
        socket.close();
      }
    });

    test('22 HS384 and HS512 tokens of a live session are good, too', async () => {
      for (const alg of ['HS384', 'HS512']) {
        const socket = open(server, { auth: { token: sign(claimsOf(ann.token), { alg }) }, transports });
        await socket.hear('connection:established');
        socket.close();
      }
    });

    test('23 expired: "User not found" with the code TOKEN_EXPIRED', async () => {
      const token = sign({ ...claimsOf(ann.token), exp: now() - 1 });
      assert.deepEqual(await refused({ token }), { message: NOT_FOUND, data: { code: 'TOKEN_EXPIRED' } });
    });

    test('revoked: "User not found" with the code SESSION_REVOKED', async () => {
      const { token } = await signIn(server, ann);
      await post(server, '/auth/logout', { token });
      assert.deepEqual(await refused({ token }), { message: NOT_FOUND, data: { code: 'SESSION_REVOKED' } });
      const none = sign({ sub: ann.id, email: ann.email, exp: now() + 60 });
      assert.equal((await refused({ token: none })).message, NOT_FOUND);
    });

    test('a token that borrows somebody else’s session is refused', async () => {
      const eve = await register(server);
      const token = sign({ ...claimsOf(eve.token), sub: ann.id });
      assert.equal((await refused({ token })).message, NOT_FOUND);
      assert.equal((await get(server, '/auth/me', { token })).status, 401);
    });

    test('forged and odd tokens: the texts that the front end’s library has', async () => {
      const claims = claimsOf(ann.token);
      const [head, body, signature] = ann.token.split('.');
      const json = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const cases = [
        [`${head}.${body}.`, 'jwt signature is required'],
        [sign(claims, { secret: 'guess' }), 'invalid signature'],
        [`${head}.${json({ ...claims, sub: randomUUID() })}.${signature}`, 'invalid signature'],
        [`${json({ alg: 'none' })}.${body}.${signature}`, 'invalid algorithm'],
        [`${json({ alg: 'RS256', typ: 'JWT' })}.${body}.${signature}`, 'invalid algorithm'],
        [`!!!.${body}.${signature}`, 'invalid token'],
        [`${json('text')}.${body}.${signature}`, 'invalid token'],
        ['...'.slice(0, 2), 'jwt signature is required'],
        [sign({ ...claims, nbf: now() + 600 }), 'jwt not active'],
        ['Bearer ', 'jwt must be provided'],
        [sign({ email: 'a@b.c', exp: now() + 60 }), 'Invalid token payload'],
      ];
      for (const [token, text] of cases) assert.equal((await refused({ token })).message, text, token);
      for (const token of [1, true, {}, [], [ann.token], { token: ann.token }]) {
        assert.equal((await refused({ token })).message, 'jwt must be a string', JSON.stringify(token));
      }
    });

    test('headers and query carry no token', async () => {
      const extraHeaders = { authorization: `Bearer ${ann.token}` };
      const options = { transports, extraHeaders, query: { token: ann.token } };
      assert.equal((await refusal(server, {}, options)).message, 'No token provided');
    });

    test('who was refused may try again', async () => {
      const socket = open(server, { auth: { token: 'x' }, transports });
      await socket.refused;
      socket.io.auth = { token: ann.token };
      socket.io.connect();
      await socket.hear('connection:established');
      socket.close();
    });
  });
}

describe('the open packet', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server.finish());

  test('25 pings of 10 and 30 seconds, 1 MB, upgrades from polling alone', async () => {
    const { status, text, headers } = await get(server, '/socket.io/?EIO=4&transport=polling');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; charset=UTF-8');
    assert.equal(text[0], '0');
    const { sid, ...rest } = JSON.parse(text.slice(1));
    assert.match(sid, /^[A-Za-z0-9_-]{20,}$/);
    assert.deepEqual(rest, { upgrades: ['websocket'], pingInterval: 10_000, pingTimeout: 30_000, maxPayload: 1_000_000 });
    const { WebSocket } = await import('ws');
    const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const first = await new Promise((resolve, reject) => ws.once('message', resolve).once('error', reject));
    assert.deepEqual(JSON.parse(String(first).slice(1)).upgrades, []);
    ws.close();
  });

  test('a polling socket upgrades to websocket by itself', async () => {
    const socket = await connect(server, await register(server), { transports: ['polling', 'websocket'] });
    const { engine } = socket.io.io;
    if (engine.transport.name !== 'websocket') await new Promise((resolve) => engine.once('upgrade', resolve));
    assert.equal(engine.transport.name, 'websocket');
    await socket.settle();
    socket.close();
  });
});
