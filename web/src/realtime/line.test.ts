import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Line, type LineState } from './line';

const SOON = { timeout: 8000, interval: 10 };

let http: HttpServer;
let io: Server;
let port: number;
let line: Line | null = null;

async function listen(): Promise<void> {
  http = createServer();
  io = new Server(http);
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  port = (http.address() as AddressInfo).port;
}

/** A line, and what it tells. */
function open(token = 'token') {
  const states: LineState[] = [];
  const events = { onOpen: vi.fn(), onEvent: vi.fn(), onRefused: vi.fn() };
  const onState = (state: LineState) => void states.push(state);
  line = new Line(`http://127.0.0.1:${port}`, token, { ...events, onState });
  line.open();
  return { line, states, ...events };
}

beforeEach(async () => {
  port = 0;
  await listen();
});

afterEach(async () => {
  line?.close();
  await io.close();
});

it('opens with its token, hears, and asks', async () => {
  io.on('connection', (socket) => {
    socket.emit('hello', { token: socket.handshake.auth.token });
    socket.on('double', (n: number, ack: (n: number) => void) => ack(2 * n));
  });
  const { line, onOpen, onEvent } = open('my token');
  await vi.waitFor(
    () => expect(onEvent).toHaveBeenCalledWith('hello', { token: 'my token' }),
    SOON,
  );
  expect(onOpen).toHaveBeenCalledTimes(1);
  expect(await line.ask('double', 21)).toBe(42);
});

it('says when it tries again, and comes back by itself', async () => {
  const { states, onOpen } = open();
  await vi.waitFor(() => expect(onOpen).toHaveBeenCalledTimes(1), SOON);
  await io.close();
  await vi.waitFor(() => expect(states.at(-1)?.state).toBe('reconnecting'), SOON);
  expect(states.at(-1)).toHaveProperty('retryAt');
  const begun = states.at(-1)?.since;
  await vi.waitFor(() => expect(states.at(-1)?.state).toBe('connecting'), SOON);
  expect(states.at(-1)?.since, 'the trouble is the same').toBe(begun);
  await listen();
  await vi.waitFor(() => expect(onOpen).toHaveBeenCalledTimes(2), { ...SOON, timeout: 15_000 });
}, 20_000);

it('takes a close code of going away for a restart', async () => {
  io.on('connection', ({ conn }) => {
    const { socket } = conn.transport as unknown as { socket: { close(code: number): void } };
    setTimeout(() => socket.close(1012), 50);
  });
  const { states, onOpen } = open();
  await vi.waitFor(() => expect(onOpen).toHaveBeenCalled(), SOON);
  await vi.waitFor(() => expect(states.at(-1)?.state).toBe('draining'), SOON);
  await io.close();
  const after = states.length;
  await vi.waitFor(() => expect(states.length).toBeGreaterThan(after + 2), SOON);
  expect(states.slice(after).map(({ state }) => state)).not.toContain('reconnecting');
});

it('tells a refusal by the server from trouble on the way', async () => {
  io.use((_socket, next) =>
    next(Object.assign(new Error('User not found'), { data: { code: 'TOKEN_EXPIRED' } })),
  );
  const { onRefused, onOpen } = open();
  await vi.waitFor(() => expect(onRefused).toHaveBeenCalledWith('TOKEN_EXPIRED'), SOON);
  expect(onOpen).not.toHaveBeenCalled();
});

it('goes on trying when the server cannot say who one is', async () => {
  let isDown = true;
  io.use((_socket, next) =>
    next(isDown ? Object.assign(new Error('busy'), { data: { code: 'UNAVAILABLE' } }) : undefined),
  );
  const { onRefused, onOpen, states } = open();
  await vi.waitFor(() => expect(states.at(-1)?.state).toBe('reconnecting'), SOON);
  isDown = false;
  await vi.waitFor(() => expect(onOpen).toHaveBeenCalled(), { ...SOON, timeout: 15_000 });
  expect(onRefused).not.toHaveBeenCalled();
}, 20_000);
