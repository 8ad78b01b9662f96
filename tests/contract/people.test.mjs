// The list of people over REST: scenario 9.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, get, isoTime, register, registerAll, startServer } from '../harness/index.mjs';

describe('the list of people', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server.finish());

  test('9 everybody, with presence, without passwords (F3)', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const { status, body, text } = await get(server, '/api/users', { token: ann.token });
    assert.equal(status, 200);
    assert.deepEqual(body.map((row) => row.id).sort(), [ann.id, bob.id].sort());
    assert.doesNotMatch(text, /password|argon2|\$2b/);
    for (const row of body) {
      assert.deepEqual(Object.keys(row).sort(), ['createdAt', 'email', 'id', 'isOnline', 'name', 'status']);
      assert.match(row.createdAt, isoTime);
      assert.deepEqual(row.status, { isOnline: false, lastSeen: row.createdAt });
    }
  });

  test('9 who is connected is online, with userId and lastSeen', async () => {
    const eve = await register(server, 'Eve');
    const socket = await connect(server, eve);
    const row = (await get(server, '/api/users', { token: eve.token })).body.find(({ id }) => id === eve.id);
    assert.deepEqual([row.status.userId, row.status.isOnline, row.isOnline], [eve.id, true, true]);
    assert.match(row.status.lastSeen, isoTime);
    socket.close();
  });

  test('9 /users is the same list; without a token neither is to be had', async () => {
    const { token } = await register(server);
    const [one, other] = [await get(server, '/api/users', { token }), await get(server, '/users', { token })];
    assert.deepEqual(one.body, other.body);
    assert.equal((await get(server, '/api/users')).status, 401);
    assert.equal((await get(server, '/users')).status, 401);
  });
});
