/** What went wrong, as a word for programs; the screens turn it into a sentence. */
import type { Code } from '../protocol/Code';
import type { Refusal } from '../protocol/Refusal';

/** Why something did not happen. */
export type ProblemCode =
  | 'offline'
  | 'timeout'
  | 'rate-limited'
  | 'wrong-credentials'
  | 'wrong-password'
  | 'email-taken'
  | 'email-invalid'
  | 'name-blank'
  | 'password-short'
  | 'password-long'
  | 'invalid'
  | 'forbidden'
  | 'not-a-member'
  | 'not-found'
  | 'conflict'
  | 'already-pinned'
  | 'too-many-pins'
  | 'group-full'
  | 'text-too-long'
  | 'original-hidden'
  | 'storage'
  | 'unkept'
  | 'unavailable'
  | 'unknown';

/** Why something did not happen. */
export interface Problem {
  code: ProblemCode;
  /** `rate-limited`: `seconds`; `password-short`: `min`; `text-too-long`: `max`. */
  params?: Record<string, string | number>;
}

/** The end of an action: it never throws. */
export type Outcome<T = void> = { ok: true; value: T } | { ok: false; problem: Problem };

/** It happened. */
export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });

/** It did not happen. */
export const failed = (problem: Problem): { ok: false; problem: Problem } => ({
  ok: false,
  problem,
});

/** The parts of a refusal that acks and the REST envelope have in common. */
export type Refused = Partial<Pick<Refusal, 'code' | 'message' | 'retryAfterMs'>>;

const BY_TEXT: [RegExp, ProblemCode][] = [
  [/^User with this email already exists$/, 'email-taken'],
  [/^email must be/, 'email-invalid'],
  [/^name must/, 'name-blank'],
  [/^The present password is another one$/, 'wrong-password'],
  [/^password must be at least (?<min>\d+)/, 'password-short'],
  [/^password must not be longer/, 'password-long'],
  [/^content must not be longer than (?<max>\d+)/, 'text-too-long'],
  [/participant of (?:this|target) chat$/, 'not-a-member'],
  [/^Message is already pinned$/, 'already-pinned'],
  [/as many pinned messages/, 'too-many-pins'],
  [/as many members|at most \d+ members/, 'group-full'],
];

const BY_CODE: Record<Code, ProblemCode> = {
  INVALID: 'invalid',
  NOT_FOUND: 'not-found',
  FORBIDDEN: 'forbidden',
  CONFLICT: 'conflict',
  RATE_LIMITED: 'rate-limited',
  UNAUTHORIZED: 'wrong-credentials',
  TOKEN_EXPIRED: 'wrong-credentials',
  SESSION_REVOKED: 'wrong-credentials',
  USER_UNKNOWN: 'wrong-credentials',
  UNAVAILABLE: 'unavailable',
  INTERNAL: 'unavailable',
};

/** The problem that a refusal of the server's means. */
export function problemOf(refused: Refused): Problem {
  if (refused.code === 'RATE_LIMITED') {
    const seconds = Math.max(1, Math.ceil((refused.retryAfterMs ?? 1000) / 1000));
    return { code: 'rate-limited', params: { seconds } };
  }
  for (const [text, code] of BY_TEXT) {
    const found = text.exec(refused.message ?? '');
    if (found) return found.groups ? { code, params: { ...found.groups } } : { code };
  }
  return { code: refused.code ? BY_CODE[refused.code] : 'unknown' };
}

/** Whether trying the same again later can help. */
export function isPassing(problem: Problem): boolean {
  return ['offline', 'timeout', 'rate-limited', 'unavailable'].includes(problem.code);
}
