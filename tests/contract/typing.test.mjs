// Typing: decision 0.1.11.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, registerAll, startServer } from '../harness/index.mjs';

describe('typing', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server.finish());

  test('the other sockets of the room hear it, the typing one and strangers do not', async () => {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const [a, tab, b, away] = await Promise.all([ann, ann, bob, bob].map((person) => connect(server, person)));
    const { chatId } = await a.ask('chat:get', { recipientId: bob.id });
    for (const socket of [a, tab, b]) await socket.ask('chat:join', { chatId });
    assert.deepEqual(await a.ask('user:typing', { chatId, isTyping: true }), { status: 'ok' });
    assert.deepEqual(await b.hear('user:typing'), { userId: ann.id, chatId, isTyping: true });
    await tab.hear('user:typing');
    a.tell('user:typing', { chatId, isTyping: false });
    await b.hear('user:typing', ({ isTyping }) => !isTyping);
    await Promise.all([a.settle(), away.settle()]);
    assert.deepEqual(a.all('user:typing'), []);
    assert.deepEqual(away.all('user:typing'), []);
    for (const socket of [a, tab, b, away]) socket.close();
  });
});
