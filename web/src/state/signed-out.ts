/** Why nobody is signed in any more, and what then becomes of what lies in the browser. Pure. */
import type { SignedOutReason } from './model';

/** What the server, a refusal or another tab says. */
const SAID: Record<string, SignedOutReason> = {
  'signed-out': 'signed-out',
  logout: 'signed-out',
  revoked: 'revoked',
  'password-changed': 'password-changed',
  replaced: 'replaced',
  'token-reused': 'token-reused',
  operator: 'operator',
  expired: 'expired',
  ended: 'ended',
  SESSION_REVOKED: 'ended',
  USER_UNKNOWN: 'ended',
  TOKEN_EXPIRED: 'expired',
  UNAUTHORIZED: 'expired',
};

/** The reason that a word means; a word that is not known yet says at least that it was ended. */
export function reasonOf(said: string | null): SignedOutReason {
  if (said === null) return 'expired';
  return Object.hasOwn(SAID, said) ? (SAID[said] ?? 'ended') : 'ended';
}

/**
 * Whether what lies in the browser waits for the next sign-in. It does when nobody wanted the
 * session to end; whoever ends one wants nothing of theirs left behind.
 */
export function keepsData(reason: SignedOutReason): boolean {
  return reason === 'expired' || reason === 'replaced';
}
