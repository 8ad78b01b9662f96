import { describe, expect, it, vi } from 'vitest';
import { Caller } from './commands';
import { isPassing, problemOf } from './problem';

const refusal = (code: string, message: string, more = {}) => ({
  status: 'error',
  code,
  message,
  ...more,
});

function caller(ask: (event: string, payload: unknown) => Promise<unknown>, isOpen = true) {
  const onLimited = vi.fn();
  const line = { isOpen, ask };
  return { line, onLimited, caller: new Caller(line, onLimited) };
}

describe('a command', () => {
  it('gives its answer', async () => {
    const ask = vi.fn(async () => ({ status: 'ok', messages: [] }));
    const answer = await caller(ask).caller.call('chat:get-pinned', { chatId: 'chat' });
    expect(answer).toEqual({ ok: true, value: { status: 'ok', messages: [] } });
    expect(ask).toHaveBeenCalledWith('chat:get-pinned', { chatId: 'chat' });
  });

  it('takes a stored message, which has a status of its own, for no refusal', async () => {
    const stored = { id: 'm2', status: 'SENT' };
    const answer = await caller(async () => stored).caller.call('message', {
      chatId: 'chat',
      content: 'a',
    });
    expect(answer).toEqual({ ok: true, value: stored });
  });

  it('is not asked for without a line', async () => {
    const ask = vi.fn();
    const answer = await caller(ask, false).caller.call('message:pin', { messageId: 'm' });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'offline' } });
    expect(ask).not.toHaveBeenCalled();
  });

  it('tells silence from a broken line', async () => {
    const silent = caller(() => Promise.reject(new Error('operation has timed out')));
    expect(await silent.caller.call('sync', { cursors: {} })).toMatchObject({
      problem: { code: 'timeout' },
    });
    const broken = caller(async () => {
      broken.line.isOpen = false;
      throw new Error('socket has been disconnected');
    });
    expect(await broken.caller.call('sync', { cursors: {} })).toMatchObject({
      problem: { code: 'offline' },
    });
  });

  it('says what is limited, and for how long', async () => {
    const ack = refusal('RATE_LIMITED', 'Rate limit exceeded', { retryAfterMs: 4200 });
    const limited = caller(async () => ack);
    const answer = await limited.caller.call('message:forward', {
      messageId: 'm',
      toChatId: 'chat',
    });
    expect(answer).toMatchObject({ problem: { code: 'rate-limited', params: { seconds: 5 } } });
    expect(limited.onLimited).toHaveBeenCalledWith('forward', 4200);
    await limited.caller.call('users:list', {});
    expect(limited.onLimited).toHaveBeenCalledWith('event', 4200);
  });

  it('is refused by null where the contract says so', async () => {
    const answer = await caller(async () => null).caller.call('chat:get', {
      recipientId: 'nobody',
    });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'unknown' } });
  });
});

describe('a refusal', () => {
  it.each([
    ['CONFLICT', 'Message is already pinned', 'already-pinned'],
    ['CONFLICT', 'The chat has as many pinned messages as it may', 'too-many-pins'],
    ['CONFLICT', 'The group has as many members as it may', 'group-full'],
    ['CONFLICT', 'User with this email already exists', 'email-taken'],
    ['FORBIDDEN', 'User is not a participant of this chat', 'not-a-member'],
    ['FORBIDDEN', 'Only an admin of the group can do that', 'forbidden'],
    ['INVALID', 'email must be an email', 'email-invalid'],
    ['INVALID', 'title must not be blank', 'invalid'],
    ['UNAVAILABLE', 'The server cannot do that right now, please try again', 'unavailable'],
  ] as const)('%s "%s" is %s', (code, message, problem) => {
    expect(problemOf({ code, message }).code).toBe(problem);
  });

  it('keeps the figures that its sentence has', () => {
    const short = {
      code: 'INVALID',
      message: 'password must be at least 12 characters long',
    } as const;
    expect(problemOf(short)).toEqual({ code: 'password-short', params: { min: '12' } });
  });

  it('can pass or not', () => {
    expect(isPassing({ code: 'unavailable' })).toBe(true);
    expect(isPassing({ code: 'not-a-member' })).toBe(false);
  });
});
