import { afterEach, expect, it, vi } from 'vitest';
import { message } from '../realtime/fixture';
import { done, failed, type Outcome } from '../realtime/problem';
import { Rest } from '../realtime/rest';
import { current } from './current';
import { findOriginal } from './messages';
import type { Message } from './model';

afterEach(() => {
  current.setState({ client: null });
  vi.unstubAllGlobals();
});

function signIn(answer: Outcome<Message>) {
  const find = vi.fn(async () => answer);
  current.setState({ client: { message: find } as never });
  return find;
}

it('finds where an original stands', async () => {
  const find = signIn(done(message(7, 'ann', { id: 'original', chatId: 'elsewhere' })));
  expect(await findOriginal('original')).toEqual(done({ chatId: 'elsewhere', seq: 7 }));
  expect(find).toHaveBeenCalledWith('original');
});

it('says that an original is in no chat of the reader’s', async () => {
  signIn(failed({ code: 'not-found' }));
  expect(await findOriginal('original')).toEqual(failed({ code: 'original-hidden' }));
});

it('passes on what else went wrong', async () => {
  signIn(failed({ code: 'timeout' }));
  expect(await findOriginal('original')).toEqual(failed({ code: 'timeout' }));
  current.setState({ client: null });
  expect(await findOriginal('original')).toEqual(failed({ code: 'offline' }));
});

it('asks the server by its id, and understands its 404', async () => {
  const body = { statusCode: 404, code: 'NOT_FOUND', message: 'Message not found' };
  const fetch = vi.fn(async () => Response.json(body, { status: 404 }));
  vi.stubGlobal('fetch', fetch);
  const answer = await new Rest('http://server', 'token').message('original');
  expect(answer).toMatchObject(failed({ code: 'not-found' }));
  expect(fetch).toHaveBeenCalledWith('http://server/messages/original', expect.anything());
});
