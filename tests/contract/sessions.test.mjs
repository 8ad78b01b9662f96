// Sessions and the ends of tokens on live sockets: decision 0.1.7, F7.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  chatOf, claimsOf, connect, describe, get, now, post, register, registerAll, sign, signIn, startServer, TRANSPORTS,
} from '../harness/index.mjs';

for (const transports of TRANSPORTS) {
  describe(`sessions over ${transports}`, () => {
    let server;
    before(async () => (server = await startServer()));
    after(() => server.finish());

    test('signing out tells the session’s sockets why, closes them, and leaves the others', async () => {
      const here = await register(server, 'Ann');
      const there = await signIn(server, here);
      const [gone, stays] = [await connect(server, here, { transports }), await connect(server, there, { transports })];
      const refused = new Promise((resolve) => gone.io.on('connect_error', resolve));
      assert.equal((await post(server, '/auth/logout', { token: here.token })).status, 204);
      assert.deepEqual(await gone.hear('session:revoked'), { reason: 'logout' });
      assert.match(await gone.hear('disconnect'), /transport close|transport error/, 'never io server disconnect');
      assert.equal((await refused).message, 'User not found', 'the client came back by itself and was refused');
      await stays.settle();
      assert.deepEqual(stays.disconnects, []);
      assert.deepEqual(stays.all('session:revoked'), []);
      gone.close();
      stays.close();
    });

    test('from the answer to the sign-out on, the session writes nothing', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const chatId = await chatOf(server, ann, bob);
      const other = await signIn(server, ann);
      const socket = await connect(server, ann, { transports, reconnection: false });
      let writing = true;
      const acked = [];
      const writer = (async () => {
        while (writing) {
          const ack = await socket.io.timeout(300).emitWithAck('message', { chatId, content: 'x' }).catch(() => null);
          if (ack?.id) acked.push(ack.id);
          else if (!socket.io.connected) return;
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await post(server, '/auth/logout', { token: ann.token });
      const at = (await get(server, `/chats/${chatId}/messages?limit=1000`, { token: other.token })).body.length;
      await writer;
      writing = false;
      const end = (await get(server, `/chats/${chatId}/messages?limit=1000`, { token: other.token })).body;
      assert.equal(end.length, at);
      const stored = new Set(end.map(({ id }) => id));
      for (const id of acked) assert.ok(stored.has(id));
      socket.close();
    });

    test('at its token’s end a socket is closed, and its client is refused when it comes back', async () => {
      const ann = await register(server, 'Ann');
      const short = sign({ ...claimsOf(ann.token), exp: now() + 2 });
      const [gone, stays] = [
        await connect(server, { ...ann, token: short }, { transports }),
        await connect(server, ann, { transports }),
      ];
      const refused = new Promise((resolve) => gone.io.on('connect_error', resolve));
      assert.match(await gone.hear('disconnect'), /transport close|transport error/);
      assert.ok(Date.now() / 1000 >= claimsOf(short).exp, 'not before its end');
      assert.ok(Date.now() / 1000 < claimsOf(short).exp + 2, 'and soon after it');
      const error = await refused;
      assert.deepEqual([error.message, error.data], ['User not found', { code: 'TOKEN_EXPIRED' }]);
      assert.equal((await get(server, '/auth/me', { token: short })).status, 401);
      await stays.settle();
      assert.deepEqual(stays.disconnects, []);
      gone.close();
      stays.close();
    });
  });
}

describe('the life of tokens', () => {
  test('JWT_EXPIRES_IN is the life of token and session', async () => {
    const server = await startServer({ env: { JWT_EXPIRES_IN: '2s' } });
    const ann = await register(server, 'Ann');
    const { iat, exp, sid, jti } = claimsOf(ann.token);
    assert.equal(exp - iat, 2);
    assert.ok(sid && jti);
    const socket = await connect(server, ann);
    assert.equal(await socket.hear('disconnect'), 'transport close');
    socket.close();
    assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 401);
    assert.equal((await post(server, '/auth/login', { body: { email: ann.email, password: ann.password } })).status, 201);
    await server.finish();
  });
});
