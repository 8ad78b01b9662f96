// A session that ends on one node ends on all: S6, with Redis and without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, chatOf, claimsOf, connect, describe, post, registerAll, signIn, startCluster, until } from '../harness/index.mjs';

describe('revocation across nodes', () => {
  let cluster, ann, bob, chatId;
  before(async () => {
    cluster = await startCluster();
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    chatId = await chatOf(cluster, ann, bob);
  });
  after(() => cluster.finish());

  const sessionsOf = async (person) => (await call(cluster, 'GET', '/auth/sessions', { token: person.token })).body;

  /** A fresh sign-in with a socket on every node; how long after its end the last of them closed. */
  async function ended(within) {
    const phone = await signIn(cluster, ann);
    const known = (await sessionsOf(ann)).map(({ id }) => id);
    const id = claimsOf(phone.token).sid;
    assert.ok(known.includes(id));
    const sockets = [];
    for (const node of cluster.nodes) sockets.push(await connect(cluster, phone, { url: node.url, reconnection: false }));
    const answer = await call(cluster, 'DELETE', `/auth/sessions/${id}`, { token: ann.token });
    assert.ok(answer.status < 300, answer.text);
    const began = Date.now();
    // From the answer on nothing is written, on whichever node.
    const tries = sockets.map((socket) => socket.ask('message', { chatId, content: 'too late' }).catch(() => null));
    for (const node of cluster.nodes) {
      const written = await post({ ...cluster, url: node.url, secrets: cluster.secrets }, `/chats/${chatId}/messages`, { token: phone.token, body: { content: 'too late' } });
      assert.equal(written.status, 401);
    }
    await until(() => sockets.every(({ disconnects }) => disconnects.length > 0), () => 'sockets are open', within);
    const took = Date.now() - began;
    for (const socket of sockets) assert.equal(socket.all('session:revoked').length, 1, 'it hears why');
    for (const answer of await Promise.all(tries)) assert.ok(answer === null || answer.status === 'error', JSON.stringify(answer));
    const history = await call(cluster, 'GET', `/chats/${chatId}/messages`, { token: bob.token });
    assert.ok(!history.body.some(({ content }) => content === 'too late'));
    return took;
  }

  test('S6 sockets on every node hear it and are closed within a second', async () => {
    const took = [];
    for (let n = 0; n < 3; n++) took.push(await ended(1500));
    assert.ok(took.sort((a, b) => a - b)[1] <= 1000, `${took} ms`);
  });

  test('S6 without Redis within five seconds', async () => {
    await cluster.redis.stop();
    try {
      const took = await ended(5000);
      assert.ok(took <= 5000, `${took} ms`);
    } finally {
      await cluster.redis.start();
    }
  });

  test('a flushed Redis brings no session back and ends none', async () => {
    const phone = await signIn(cluster, ann);
    const socket = await connect(cluster, bob);
    assert.ok((await post(cluster, '/auth/logout', { token: phone.token })).status < 300);
    cluster.redis.cli('FLUSHALL');
    for (let n = 0; n < 3; n++) {
      assert.equal((await call(cluster, 'GET', '/auth/me', { token: phone.token })).status, 401);
      assert.equal((await call(cluster, 'GET', '/auth/me', { token: ann.token })).status, 200);
    }
    await socket.settle();
    assert.deepEqual(socket.disconnects, []);
    socket.close();
  });
});
