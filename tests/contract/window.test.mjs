// A limit's window slides: what `retryAfterMs` promises comes true. Takes a minute of real time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, describe, registerAll, startServer } from '../harness/index.mjs';

describe('the window of a limit', () => test('after retryAfterMs the next send is taken, and no sooner', async () => {
  const server = await startServer({ env: { ZVON_LIMITS__MESSAGES_PER_MINUTE: '2' } });
  const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
  const socket = await connect(server, ann);
  const { chatId } = await socket.ask('chat:get', { recipientId: bob.id });
  for (let n = 0; n < 2; n++) await socket.ask('message', { chatId, content: `${n}` });
  const { retryAfterMs } = await socket.ask('message', { chatId, content: 'too soon' });
  await new Promise((resolve) => setTimeout(resolve, retryAfterMs - 500));
  assert.equal((await socket.ask('message', { chatId, content: 'still' })).status, 'error');
  await new Promise((resolve) => setTimeout(resolve, 550));
  assert.equal((await socket.ask('message', { chatId, content: 'now' })).content, 'now');
  socket.close();
  await server.finish();
}));
