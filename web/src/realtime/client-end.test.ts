import 'fake-indexeddb/auto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Client } from './client';

const SOON = { timeout: 8000, interval: 10 };

/** A server that answers no `sync`, takes no token over REST, and refuses sockets when told to. */
let io: Server;
let url: string;
let refusal: string | null;
let handshakes: number;
let client: Client;

beforeEach(async () => {
  refusal = null;
  handshakes = 0;
  const http = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
  });
  io = new Server(http);
  io.use((_socket, next) => {
    handshakes += 1;
    const error = Object.assign(new Error('User not found'), { data: { code: refusal } });
    next(refusal === null ? undefined : error);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await client.close();
  await io.close();
});

async function start() {
  const onSignedOut = vi.fn((_why: string | null) => void client.close());
  client = await Client.start({ url, token: 'token', me: crypto.randomUUID(), onSignedOut });
  await vi.waitFor(() => expect(handshakes).toBe(1), SOON);
  return onSignedOut;
}

it('hears why its session ended even before it is level, and does not come back', async () => {
  io.on('connection', (socket) => {
    socket.emit('session:revoked', { reason: 'operator' });
    socket.conn.close();
  });
  const onSignedOut = await start();
  await vi.waitFor(() => expect(onSignedOut).toHaveBeenCalledWith('operator'), SOON);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(handshakes, 'it has not tried again').toBe(1);
  expect(onSignedOut).toHaveBeenCalledOnce();
});

it('asks the line for the reason when REST says that the session is over', async () => {
  const onSignedOut = await start();
  await vi.waitFor(() => expect(io.sockets.sockets.size).toBe(1), SOON);
  refusal = 'SESSION_REVOKED';
  io.disconnectSockets(true);
  await vi.waitFor(() => expect(client.cell.getState().line.state).toBe('reconnecting'), SOON);
  expect((await client.rest.sessions()).ok).toBe(false);
  await vi.waitFor(() => expect(onSignedOut).toHaveBeenCalled(), SOON);
  expect(onSignedOut.mock.calls).toEqual([['SESSION_REVOKED']]);
});

it('takes REST at its word when the line has nothing to say', async () => {
  const onSignedOut = await start();
  await client.rest.sessions();
  await vi.waitFor(() => expect(onSignedOut).toHaveBeenCalledWith('UNAUTHORIZED'), SOON);
});
