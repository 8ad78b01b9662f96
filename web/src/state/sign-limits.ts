/** How long signing in and up is refused; known without being signed in. */
import { createStore } from 'zustand/vanilla';
import { Limits } from '../realtime/limits';

/** Until when (ms since the epoch). */
export const signLimits = createStore<{ 'sign-in'?: number; 'sign-up'?: number }>(() => ({}));

const limits = new Limits((until) => signLimits.setState(until, true));

/** The server refused. */
export function hitSignLimit(kind: 'sign-in' | 'sign-up', pause: number): void {
  limits.hit(kind, pause);
}
