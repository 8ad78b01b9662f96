import { afterEach, expect, it, vi } from 'vitest';
import type { SessionView } from '../protocol/SessionView';
import { done, failed, type Outcome } from '../realtime/problem';
import { current } from './current';
import { changePassword, devicesOf, endDevice } from './devices';

afterEach(() => current.setState({ starting: null }));

const at = (minute: number) => new Date(Date.UTC(2026, 2, 10, 9, minute)).toISOString();

function session(id: string, seen: number, isCurrent = false): SessionView {
  return {
    id,
    device: `agent of ${id}`,
    address: '192.0.2.1',
    createdAt: at(0),
    lastSeenAt: at(seen),
    expiresAt: at(59),
    isCurrent,
  };
}

function signIn(rest: Record<string, () => Promise<Outcome<unknown>>>) {
  const all = { sessions: vi.fn(async () => done<SessionView[]>([])), ...rest };
  current.setState({ starting: Promise.resolve({ rest: all } as never) });
  return all;
}

it('shows this device first, then the others, last used first', () => {
  const found = devicesOf([session('a', 10), session('b', 20), session('here', 30, true)]);
  expect(found.map(({ id }) => id)).toEqual(['here', 'b', 'a']);
  expect(found[0]).toMatchObject({ agent: 'agent of here', address: '192.0.2.1' });
});

it('knows by the server’s clock what is in use, whatever the time is here', () => {
  const found = devicesOf([session('here', 30, true), session('open', 30), session('old', 25)]);
  expect(found.map(({ isActive }) => isActive)).toEqual([true, true, false]);
  expect(found.map(({ idle }) => idle)).toEqual([0, 0, 300_000]);
  expect(devicesOf([])).toEqual([]);
});

it('asks for the list again after ending a device, even one that was over already', async () => {
  for (const answer of [done(null), failed({ code: 'not-found' })]) {
    const rest = signIn({ endSession: async () => answer });
    expect(await endDevice('a')).toEqual(done(undefined));
    expect(rest.sessions).toHaveBeenCalledOnce();
  }
});

it('passes on what went wrong', async () => {
  const rest = signIn({ changePassword: async () => failed({ code: 'wrong-password' }) });
  const form = { currentPassword: 'a', newPassword: 'b' };
  expect(await changePassword(form)).toEqual(failed({ code: 'wrong-password' }));
  expect(rest.sessions).not.toHaveBeenCalled();
  current.setState({ starting: null });
  expect(await endDevice('a')).toEqual(failed({ code: 'offline' }));
});
