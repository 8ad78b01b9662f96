/** Where the account is signed in, ending that, and the password. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { SessionView } from '../protocol/SessionView';
import type { Client } from '../realtime/client';
import { done, failed, type Outcome } from '../realtime/problem';
import { current } from './current';
import type { Device, Devices, SessionId } from './model';

/** How long ago a device was used that counts as active (ms): requests are noted this coarsely. */
const ACTIVE = 60_000;
/** How often the list is asked for while it is looked at (ms). */
const AGAIN = 60_000;

const NONE: Devices = { phase: 'loading', devices: [], problem: null };

const devices = createStore<Devices>(() => NONE);
/** Which question was the last: an answer to one before it is old. */
let asked = 0;

export function useDevices(): Devices {
  useEffect(() => {
    devices.setState(NONE);
    void refreshDevices();
    const look = () => {
      if (!document.hidden) void refreshDevices();
    };
    const timer = setInterval(look, AGAIN);
    window.addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      window.removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  return useStore(devices);
}

/** A failure leaves what was shown: the list is a minute old at most. */
export async function refreshDevices(): Promise<void> {
  asked += 1;
  const question = asked;
  const answer = await ask((client) => client.rest.sessions());
  if (question !== asked) return;
  if (answer.ok) {
    devices.setState({ phase: 'ready', devices: devicesOf(answer.value), problem: null });
  } else {
    const phase = devices.getState().phase === 'ready' ? 'ready' : 'failed';
    devices.setState({ phase, problem: answer.problem });
  }
}

export async function endDevice(id: SessionId): Promise<Outcome> {
  const answer = await ask((client) => client.rest.endSession(id));
  // Whoever else ended it, and when: it is over.
  const over = answer.ok || answer.problem.code === 'not-found';
  return over ? refreshed() : failed(answer.problem);
}

export async function endOtherDevices(): Promise<Outcome> {
  const answer = await ask((client) => client.rest.endOtherSessions());
  return answer.ok ? refreshed() : failed(answer.problem);
}

export async function changePassword(form: {
  currentPassword: string;
  newPassword: string;
}): Promise<Outcome> {
  const answer = await ask((client) => client.rest.changePassword(form));
  return answer.ok ? refreshed() : failed(answer.problem);
}

/** The list for people: this device first, then as the server has them, last used first. */
export function devicesOf(sessions: readonly SessionView[]): Device[] {
  const times = sessions.map((session) => Date.parse(session.lastSeenAt));
  // Whoever asks is in use now: the newest time is the server's present, whatever this clock says.
  const now = Math.max(0, ...times);
  const all = sessions.map((session, index): Device => {
    const idle = now - (times[index] ?? now);
    return {
      id: session.id,
      isCurrent: session.isCurrent,
      isActive: session.isCurrent || idle < ACTIVE,
      agent: session.device,
      address: session.address,
      signedInAt: session.createdAt,
      idle,
    };
  });
  return all.sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || a.idle - b.idle);
}

async function refreshed(): Promise<Outcome> {
  await refreshDevices();
  return done(undefined);
}

async function ask<T>(how: (client: Client) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const client = await current.getState().starting;
  return client ? how(client) : failed({ code: 'offline' });
}
