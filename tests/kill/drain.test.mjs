// SIGTERM: nothing accepted is lost, clients see a transport close, the exit is clean and in time,
// with a peer that takes nothing, too.
import assert from 'node:assert/strict';
import { connect as dial } from 'node:net';
import { test } from 'node:test';
import { chatOf, connect, describe, get, held, registerAll, startProxy, startServer, TRANSPORTS } from '../harness/index.mjs';
import { stored } from '../standin/screens.mjs';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('going down', () => {
  for (const transports of TRANSPORTS) {
    test(`no accepted send is lost, over ${transports}`, async () => {
      const server = await startServer();
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const chatId = await chatOf(server, ann, bob);
      const sockets = await Promise.all([ann, ann, bob, bob].map((person) => connect(server, person, { transports, reconnection: false })));
      const acked = [];
      let sent = 0;
      const writing = sockets.map(async (socket, index) => {
        for (let n = 0; socket.io.connected; n++) {
          sent += 1;
          socket.io.emit('message', { chatId, content: `${index} ${n}`, clientId: `${index}-${n}` }, (ack) => acked.push(ack));
          await pause(1);
        }
      });
      await pause(300);
      const ended = server.stop();
      await Promise.all(writing);
      assert.equal(await ended, 0);
      for (const socket of sockets) {
        const [reason] = socket.disconnects;
        assert.ok(reason === 'transport close' || (reason === 'transport error' && transports[0] === 'polling'), reason);
      }
      await server.start();
      const all = new Map((await stored(server, ann, chatId)).map((message) => [message.clientId, message]));
      const good = acked.filter(({ id }) => id);
      assert.ok(good.length > 50, `${good.length} acked of ${sent}`);
      for (const { clientId, id, seq } of good) assert.deepEqual([all.get(clientId)?.id, all.get(clientId)?.seq], [id, seq]);
      for (const ack of acked.filter(({ id }) => !id)) assert.equal(ack.status, 'error');
      await server.finish();
    });
  }

  test('clients come back by themselves, to the same data', async () => {
    const server = await startServer({ env: { ZVON_SERVER__DRAIN: '500ms' } });
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const sockets = await Promise.all([ann, bob].map((person) => connect(server, person, { reconnectionDelay: 50 })));
    const { chatId } = await sockets[0].ask('chat:get', { recipientId: bob.id });
    await sockets[0].ask('message', { chatId, content: 'before' });
    const back = sockets.map((socket) => new Promise((resolve) => socket.io.io.once('reconnect', resolve)));
    assert.equal(await server.stop(), 0);
    await server.start();
    await Promise.all(back);
    for (const socket of sockets) assert.deepEqual(socket.disconnects, ['transport close']);
    const { messages } = await sockets[1].ask('chat:get', { recipientId: ann.id });
    assert.deepEqual(messages.map(({ content }) => content), ['before']);
    assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 200);
    for (const socket of sockets) socket.close();
    await server.finish();
  });

  test('a WebSocket is closed with 1012, service restart', async () => {
    const server = await startServer();
    const [ann] = await registerAll(server, 'Ann');
    const socket = await connect(server, ann, { reconnection: false });
    const code = new Promise((resolve) => (socket.io.io.engine.transport.ws.onclose = ({ code }) => resolve(code)));
    assert.equal(await server.stop(), 0);
    assert.equal(await code, 1012);
    socket.close();
    await server.finish();
  });

  test('a peer that takes nothing, one that says nothing and a half-sent request delay nothing', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const [stalled, writer] = [await connect(server, bob, { url: proxy.url, reconnection: false }), await connect(server, ann)];
    const { chatId } = await writer.ask('chat:get', { recipientId: bob.id });
    await stalled.ask('chat:join', { chatId });
    proxy.stall();
    const content = 'x'.repeat(16_000);
    for (let n = 0; n < 30; n++) await Promise.all(Array.from({ length: 10 }, () => writer.ask('message', { chatId, content })));
    const mute = dial(server.port, '127.0.0.1');
    const half = dial(server.port, '127.0.0.1');
    half.write('POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"email":');
    for (const socket of [mute, half]) socket.on('error', () => {});
    await pause(100);
    const began = Date.now();
    assert.equal(await server.stop(), 0);
    assert.ok(Date.now() - began < 9000, `${Date.now() - began} ms`);
    for (const socket of [mute, half]) socket.destroy();
    writer.close();
    stalled.close();
    await proxy.close();
    await server.finish();
  });

  test('readiness says so before the connections go, and a second signal ends it at once', async () => {
    const server = await startServer({ env: { ZVON_SERVER__DRAIN: '30s' } });
    const [ann] = await registerAll(server, 'Ann');
    const sockets = await Promise.all(Array.from({ length: 40 }, () => connect(server, ann, { reconnection: false })));
    server.signal('SIGTERM');
    await pause(300);
    assert.ok(server.alive, 'it takes its time');
    await assert.rejects(get(server, '/health/readiness'), /ECONNREFUSED|ECONNRESET|hang up/);
    server.signal('SIGINT');
    const { code } = await held(server.ended);
    assert.equal(code, 1);
    for (const socket of sockets) socket.close();
    await server.finish();
  });
});
