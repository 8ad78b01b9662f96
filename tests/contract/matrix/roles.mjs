// Who tries, and what may come of it.
import assert from 'node:assert/strict';

/** Those with a good token: what they are to the group that a case is about. */
export const INSIDE = ['member', 'admin', 'former', 'stranger'];
/** An admin of the group, but without a good token. */
export const SHUT = ['revoked', 'expired', 'nobody'];
export const ROLES = [...INSIDE, ...SHUT];

/** It is done; `effect` asserts that it shows. A `reads` changes nothing. */
export const does = (effect, status) => ({ allowed: true, effect, status });
export const reads = (effect, status = 200) => ({ allowed: true, reads: true, effect, status });
/** It is not, and nothing changed. */
export const refused = (message, code, status) => ({ allowed: false, message, code, status });

export const UNAUTHORIZED = refused('Unauthorized', undefined, 401);
export const NO_CHAT = refused('Chat not found', 'NOT_FOUND', 404);
export const OUTSIDER = refused('User is not a participant of this chat', 'FORBIDDEN');
export const NOT_ADMIN = refused('Only an admin of the group can do that', 'FORBIDDEN');

const cells = (roles, outcome) => Object.fromEntries(roles.map((role) => [role, outcome]));

/** Cells of a route: without a good token it is 401. */
export const shut = cells(SHUT, UNAUTHORIZED);
/** Whoever has a good token. */
export const everybody = (outcome) => ({ ...cells(INSIDE, outcome), ...shut });
/** Whoever asks, whatever token they show. */
export const anybody = (outcome) => cells(ROLES, outcome);
/** Those in the group; to the others it is as if it did not exist. */
export const members = (outcome, others) => ({ ...cells(['member', 'admin'], outcome), ...cells(['former', 'stranger'], others), ...shut });

/** How a handshake with their token is refused. */
export const AT_THE_DOOR = {
  revoked: { message: 'User not found', data: { code: 'SESSION_REVOKED' } },
  expired: { message: 'User not found', data: { code: 'TOKEN_EXPIRED' } },
  nobody: { message: 'No token provided' },
};

/** One answer is as the other, but for ids and times. */
export function same(answer, other, at, elsewhere) {
  assert.equal(plain(answer, at), plain(other, elsewhere), 'as of what does not exist');
}

function plain(answer, at) {
  // Lists of ids are sets: their order says nothing.
  const sorted = (_, value) => (Array.isArray(value) && value.every((item) => typeof item === 'string') ? [...value].sort() : value);
  let text = typeof answer === 'string' ? answer : JSON.stringify(answer, sorted);
  for (const [name, id] of Object.entries(at)) if (typeof id === 'string') text = text.replaceAll(id, `<${name}>`);
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>');
}
