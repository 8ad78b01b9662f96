// A healthy connection is never ended by the server: scenario 30 (F17), with time made short.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, open, register, startServer, TRANSPORTS } from '../harness/index.mjs';

describe('idle connections', () => {
  let server;
  before(async () => {
    // Six minutes are 36 ping intervals; so are 36 times 100 ms.
    server = await startServer({
      env: { ZVON_SOCKET__PING_INTERVAL: '100ms', ZVON_SOCKET__PING_TIMEOUT: '1s', ZVON_SOCKET__CONNECT_TIMEOUT: '500ms' },
    });
  });
  after(() => server.finish());

  test('30 a socket that does nothing stays connected for 36 pings', { timeout: 30_000 }, async () => {
    const person = await register(server);
    const sockets = await Promise.all(TRANSPORTS.map((transports) => connect(server, person, { transports })));
    const pings = sockets.map((socket) => {
      let count = 0;
      return new Promise((resolve) => socket.io.io.on('ping', () => ++count === 36 && resolve()));
    });
    await Promise.all(pings);
    for (const socket of sockets) {
      assert.deepEqual(socket.disconnects, []);
      await socket.settle();
      socket.close();
    }
  });

  test('a connection that never says who it is is closed in time', async () => {
    const { WebSocket } = await import('ws');
    const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    await new Promise((resolve) => ws.once('close', resolve));
  });

  test('a client that answers no ping is closed for a ping timeout, and others go on', async () => {
    const person = await register(server);
    const other = await connect(server, person);
    const mute = await connect(server, person, { reconnection: false });
    mute.io.io.engine._sendPacket = () => {};
    assert.equal(await mute.hear('disconnect'), 'transport close');
    await other.settle();
    other.close();
  });
});
