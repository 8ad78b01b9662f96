import 'fake-indexeddb/auto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client } from './client';
import { ME, syncAck } from './fixture';
import { type Cell, createCell } from './held';
import type { LineState } from './line';
import { LINE_PATIENCE, lineUp } from './line-up';

describe('waiting for the line', () => {
  let cell: Cell;
  let ended: AbortController;
  const turn = (state: 'connecting' | 'online' | 'offline') =>
    cell.setState({ line: { state, since: 0 } });
  const waiting = () => {
    const done = vi.fn();
    void lineUp(cell, ended.signal).then(done);
    return done;
  };
  const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    cell = createCell(ME);
    ended = new AbortController();
  });
  afterEach(() => void vi.useRealTimers());

  it('lasts until it is online', async () => {
    const done = waiting();
    cell.setState({ line: { state: 'reconnecting', since: 0, retryAt: 1 } });
    turn('connecting');
    await passes(LINE_PATIENCE / 2);
    expect(done).not.toHaveBeenCalled();
    turn('online');
    await passes(0);
    expect(done).toHaveBeenCalled();
  });

  it('has an end when the line does not come', async () => {
    const done = waiting();
    await passes(LINE_PATIENCE - 1);
    expect(done).not.toHaveBeenCalled();
    await passes(1);
    expect(done).toHaveBeenCalled();
  });

  it.each<LineState['state']>(['offline', 'online'])('does not begin when %s', async (state) => {
    turn(state as 'offline' | 'online');
    const done = waiting();
    await passes(0);
    expect(done).toHaveBeenCalled();
  });

  it('ends when the network goes, or the client', async () => {
    const one = waiting();
    turn('offline');
    await passes(0);
    expect(one).toHaveBeenCalled();
    turn('connecting');
    const other = waiting();
    ended.abort();
    await passes(0);
    expect(other).toHaveBeenCalled();
  });
});

it('a command that is asked for while connecting is done once the line is up', async () => {
  const http = createServer();
  const io = new Server(http);
  const unpinned = vi.fn();
  io.on('connection', (socket) => {
    socket.on('sync', (_cursors, ack) => ack(syncAck([])));
    socket.on('users:list', (_query, ack) => ack({ status: 'ok', users: [] }));
    socket.on('message:unpin', (target, ack) => {
      unpinned(target);
      ack({ status: 'ok' });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = await Client.start({ url, token: 'token', me: ME, onSignedOut: vi.fn() });
  try {
    expect(client.cell.getState().line.state).toBe('connecting');
    const answer = await client.call('message:unpin', { messageId: 'm2' });
    expect(answer).toMatchObject({ ok: true });
    expect(unpinned.mock.calls).toEqual([[{ messageId: 'm2' }]]);
  } finally {
    await client.close();
    await io.close();
  }
});
