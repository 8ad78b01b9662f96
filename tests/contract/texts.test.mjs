// Texts: up to 16 KiB, not blank, kept as they came. Decision 0.1.16, F41.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, get, post, registerAll, startServer } from '../harness/index.mjs';

const KEPT = [
  'a', ' padded ', 'line\nbreak\r\n\ttab', '<script>alert(1)</script>', "'; DROP TABLE messages; --", '"\\/\b\f',
  'Привет, мир', '👩‍👩‍👧‍👦🏳️‍🌈', 'עברית العربية', '\u202eevil', '\u0001\u007f', '\uFEFFbom', 'e\u0301 é', 'a\u2028\u2029b', '%00%n{}[]$', '\u{10FFFF}',
];

describe('texts', () => {
  let server, ann, a, b, chatId;
  before(async () => {
    server = await startServer({ env: { ZVON_LOG__LEVEL: 'trace' } });
    const [first, second] = await registerAll(server, 'Ann', 'Bob');
    ann = first;
    [a, b] = [await connect(server, first), await connect(server, second)];
    ({ chatId } = await a.ask('chat:get', { recipientId: second.id }));
    await b.ask('chat:join', { chatId });
  });
  after(async () => {
    a.close();
    b.close();
    await server.finish();
  });

  test('any text comes out as it went in: ack, event, history', async () => {
    for (const content of KEPT) {
      const ack = await a.ask('message', { chatId, content });
      assert.equal(ack.content, content);
      assert.equal((await b.hear('message', ({ id }) => id === ack.id)).content, content);
    }
    const stored = (await get(server, `/chats/${chatId}/messages`, { token: ann.token })).body;
    assert.deepEqual(stored.map(({ content }) => content), KEPT);
  });

  test('16 KiB are taken, one byte more is not; bytes count, not characters', async () => {
    for (const content of ['x'.repeat(16_384), 'я'.repeat(8192), '😀'.repeat(4096)]) {
      assert.equal((await a.ask('message', { chatId, content })).content, content);
      const ack = await a.ask('message', { chatId, content: `${content}.` });
      assert.equal(ack.error.message, 'content must not be longer than 16384 bytes');
      const rest = await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content: `${content}.` } });
      assert.deepEqual([rest.status, rest.body.message], [400, ack.message]);
    }
  });

  test('blank texts and NUL are refused', async () => {
    for (const content of ['', ' ', '\n\t ', '\u00a0\u2003', 'a\0b', '\0']) {
      const { status, code } = await a.ask('message', { chatId, content });
      assert.deepEqual([status, code], ['error', 'INVALID'], JSON.stringify(content));
    }
  });

  test('no text is logged, whatever the level (F1)', async () => {
    const content = 'what nobody but Bob should read 4711';
    server.secrets.add(content);
    await a.ask('message', { chatId, content });
    await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content } });
    server.checkLogs();
  });
});
