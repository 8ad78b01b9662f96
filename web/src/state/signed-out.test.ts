import { describe, expect, it } from 'vitest';
import { keepsData, reasonOf } from './signed-out';

describe('the reason of an end', () => {
  it('is the word of the server', () => {
    const words = ['revoked', 'password-changed', 'replaced', 'token-reused', 'operator'];
    expect(words.map(reasonOf)).toEqual(words);
    expect(reasonOf('logout')).toBe('signed-out');
  });

  it('is unknown when the client was away, or the server is newer than the client', () => {
    for (const word of ['SESSION_REVOKED', 'USER_UNKNOWN', 'something-new', 'constructor', '']) {
      expect(reasonOf(word)).toBe('ended');
    }
  });

  it('is age when the token is not taken', () => {
    for (const word of [null, 'TOKEN_EXPIRED', 'UNAUTHORIZED']) {
      expect(reasonOf(word)).toBe('expired');
    }
  });

  it('decides what is left in the browser', () => {
    expect(keepsData('expired') && keepsData('replaced')).toBe(true);
    for (const reason of ['signed-out', 'ended', 'revoked', 'password-changed'] as const) {
      expect(keepsData(reason)).toBe(false);
    }
    expect(keepsData('token-reused') || keepsData('operator')).toBe(false);
  });
});
