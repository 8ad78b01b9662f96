// `zvon users` beside the running server: what it ends writes nothing from its return on, and the
// sockets close by themselves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  chatOf, connect, describe, get, post, register, registerAll, signIn, startServer, TRANSPORTS, until, zvon,
} from '../harness/index.mjs';

const CLOSED = /transport close|transport error/;
const statusOf = async (server, { token }) => (await get(server, '/auth/me', { token })).status;
const login = (server, { email, password }) => post(server, '/auth/login', { body: { email, password } });

/** Runs `zvon users …`, which must succeed; what it said. */
async function users(server, args, options) {
  const { code, out, err } = await zvon(server, ['users', ...args], options);
  assert.equal(code, 0, err);
  assert.equal(err, '');
  return out;
}

for (const transports of TRANSPORTS) {
  describe(`revoked by an operator over ${transports}`, () => {
    let server;
    before(async () => (server = await startServer()));
    after(() => server.finish());

    test('all of an account’s sockets hear why and are closed; nobody else’s', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const phone = await signIn(server, ann);
      const gone = [await connect(server, ann, { transports }), await connect(server, phone, { transports })];
      const stays = await connect(server, bob, { transports });
      const refused = gone.map((socket) => new Promise((resolve) => socket.io.on('connect_error', resolve)));
      assert.match(await users(server, ['revoke-sessions', ann.email]), /2 sessions ended/);
      for (const socket of gone) {
        assert.deepEqual(await socket.hear('session:revoked'), { reason: 'operator' });
        assert.match(await socket.hear('disconnect'), CLOSED, 'never io server disconnect');
      }
      for (const error of await Promise.all(refused)) assert.equal(error.message, 'User not found');
      for (const socket of gone) assert.equal(socket.all('session:revoked').length, 1, 'told once');
      await stays.settle();
      assert.deepEqual(stays.disconnects, []);
      assert.equal(await statusOf(server, ann), 401);
      assert.equal(await statusOf(server, bob), 200);
      for (const socket of [...gone, stays]) socket.close();
    });

    test('S6 from the command’s return on, they write nothing', async () => {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const chatId = await chatOf(server, ann, bob);
      const socket = await connect(server, ann, { transports, reconnection: false });
      let writing = true;
      const acked = [];
      const writer = (async () => {
        while (writing && socket.io.connected) {
          const ack = await socket.io.timeout(2000).emitWithAck('message', { chatId, content: 'x' }).catch(() => null);
          if (ack?.id) acked.push(ack.id);
        }
      })();
      const stored = async () => (await get(server, `/chats/${chatId}/messages?limit=1000`, { token: bob.token })).body;
      while (acked.length < 5) await socket.next('message:ack', () => true);
      await users(server, ['revoke-sessions', ann.id]);
      const at = (await stored()).length;
      await socket.hear('disconnect');
      writing = false;
      await writer;
      const end = await stored();
      assert.equal(end.length, at);
      const ids = new Set(end.map(({ id }) => id));
      for (const id of acked) assert.ok(ids.has(id), 'an acked message is kept');
      socket.close();
    });
  });
}

describe('an operator and accounts', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server.finish());

  test('a closed account is out within a second, cannot sign in, and nobody can tell; until it is opened', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const socket = await connect(server, ann, { reconnection: false });
    assert.match(await users(server, ['disable', ann.email]), /is closed; 1 session ended/);
    // Nothing is written any more; a reading may be let in until the server has heard of it.
    await until(async () => (await statusOf(server, ann)) === 401, () => 'somebody closed is let in', 1000);
    assert.deepEqual(await socket.hear('session:revoked'), { reason: 'operator' });
    await socket.hear('disconnect');
    const [closed, wrong] = [await login(server, ann), await login(server, { ...bob, password: 'another one' })];
    assert.equal(closed.status, 401);
    assert.equal(closed.body.message, wrong.body.message);
    const [listed] = JSON.parse(await users(server, ['list', '--search', ann.email, '--json']));
    assert.ok(listed.disabledAt);
    assert.match(await users(server, ['enable', ann.id]), /may sign in/);
    assert.equal(await statusOf(server, ann), 401, 'the old session stays over');
    assert.equal((await login(server, ann)).status, 201);
    socket.close();
  });

  test('another password: made and printed once, or read; all sessions end', async () => {
    const ann = await register(server, 'Ann');
    const socket = await connect(server, ann, { reconnection: false });
    const said = await users(server, ['reset-password', ann.email]);
    const password = said.trim().split('\n').at(-1);
    server.secrets.add(password);
    assert.match(password, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    assert.deepEqual(await socket.hear('session:revoked'), { reason: 'operator' });
    assert.equal((await login(server, ann)).status, 401);
    assert.equal((await login(server, { ...ann, password })).status, 201);
    const chosen = 'a password of their own';
    const quiet = await users(server, ['reset-password', ann.id, '--stdin'], { input: `${chosen}\n` });
    assert.ok(!quiet.includes(chosen));
    assert.equal((await login(server, { ...ann, password })).status, 401);
    assert.equal((await login(server, { ...ann, password: chosen })).status, 201);
    const { code, err } = await zvon(server, ['users', 'reset-password', ann.id, '--stdin'], { input: 'short\n' });
    assert.deepEqual([code, err], [1, 'zvon: password must be at least 8 characters long\n']);
    socket.close();
  });

  test('lists people and their sessions', async () => {
    const ann = await register(server, 'Zoë Example');
    await signIn(server, ann);
    const table = await users(server, ['list', '--search', 'ZOË']);
    assert.match(table, /^ID +ADDRESS +NAME/);
    assert.ok(table.includes(ann.id) && table.includes(ann.email));
    const sessions = JSON.parse(await users(server, ['sessions', ann.email, '--json']));
    assert.equal(sessions.length, 2);
    assert.deepEqual(Object.keys(sessions[0]).sort(),
      ['address', 'createdAt', 'device', 'expiresAt', 'id', 'refreshes', 'revokedAt', 'seenAt']);
    assert.equal((await users(server, ['sessions', ann.id])).trim().split('\n').length, 3);
  });

  test('somebody who is not there is one line and code 1', async () => {
    for (const who of ['nobody@example.org', '0190a5f0-7e2b-7c3d-8e4f-0123456789ab']) {
      const { code, out, err } = await zvon(server, ['users', 'disable', who]);
      assert.deepEqual([code, out, err], [1, '', `zvon: there is no account with the address or id "${who}"\n`]);
    }
  });
});
