import { expect, it, vi } from 'vitest';
import type { Client } from '../realtime/client';
import { done } from '../realtime/problem';
import { current } from './current';
import { unpin } from './messages';

it('what is pressed while the client starts is asked for once it is there', async () => {
  const call = vi.fn(async () => done({ status: 'ok' }));
  const client = { call } as unknown as Client;
  current.setState({
    client: null,
    starting: new Promise((start) => setTimeout(start, 5, client)),
  });
  expect(await unpin('m2')).toEqual(done(undefined));
  expect(call).toHaveBeenCalledWith('message:unpin', { messageId: 'm2' });
});

it('what is pressed when nobody is signed in does not happen', async () => {
  current.setState({ client: null, starting: null });
  expect(await unpin('m2')).toMatchObject({ ok: false, problem: { code: 'offline' } });
});
