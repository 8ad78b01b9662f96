// Chats and messages over REST: scenarios 10 to 13.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { chatOf, describe, get, isMessage, isoTime, post, registerAll, startServer, uuid } from '../harness/index.mjs';

describe('chats over REST', () => {
  let server, ann, bob, eve;
  before(async () => {
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
  });
  after(() => server.finish());

  test('10 a chat: 201 with both participants; again 409, from either side; unknown 404', async () => {
    const { status, body } = await post(server, '/chats', { token: ann.token, body: { userId: bob.id } });
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(body).sort(), ['createdAt', 'id', 'messages', 'participants', 'updatedAt']);
    assert.match(body.id, uuid);
    assert.match(body.createdAt, isoTime);
    assert.deepEqual(body.participants.sort(), [ann.id, bob.id].sort());
    assert.deepEqual(body.messages, []);
    for (const [me, other] of [[ann, bob], [bob, ann]]) {
      const again = await post(server, '/chats', { token: me.token, body: { userId: other.id } });
      assert.equal(again.status, 409);
      assert.equal(again.body.message, 'Chat between these users already exists');
    }
    const nobody = randomUUID();
    const unknown = await post(server, '/chats', { token: ann.token, body: { userId: nobody } });
    assert.equal(unknown.status, 404);
    assert.equal(unknown.body.message, `User with ID ${nobody} not found`);
    const self = await post(server, '/chats', { token: ann.token, body: { userId: ann.id } });
    assert.equal(self.status, 400);
  });

  test('11 the list of chats: 200 and an array, of the caller’s own', async () => {
    const chat = await chatOf(server, ann, bob);
    const { status, body } = await get(server, '/chats', { token: ann.token });
    assert.equal(status, 200);
    assert.deepEqual(body.map(({ id }) => id), [chat]);
    assert.deepEqual(body[0].participants.sort(), [ann.id, bob.id].sort());
    assert.deepEqual((await get(server, '/chats', { token: eve.token })).body, []);
    assert.deepEqual((await get(server, '/api/chats', { token: ann.token })).body, body);
  });

  test('12, 13 a message: 201; the history: 200, ascending, with all twelve fields (F24)', async () => {
    const chat = await chatOf(server, ann, bob);
    for (const content of ['one', 'two', 'three']) {
      const sent = await post(server, `/chats/${chat}/messages`, { token: ann.token, body: { content } });
      assert.equal(sent.status, 201);
      isMessage(sent.body, { content, senderId: ann.id, chatId: chat, status: 'SENT' });
    }
    const { status, body } = await get(server, `/chats/${chat}/messages`, { token: bob.token });
    assert.equal(status, 200);
    assert.deepEqual(body.map(({ content }) => content), ['one', 'two', 'three']);
    for (const message of body) isMessage(message);
    const shown = await get(server, `/chats/${chat}`, { token: bob.token });
    assert.deepEqual(shown.body.messages, body);
    assert.deepEqual(shown.body.participants.sort(), [ann.id, bob.id].sort());
  });

  test('13 an outsider gets neither chat nor history, and may not write (F4, F5)', async () => {
    const chat = await chatOf(server, ann, bob);
    for (const path of [`/chats/${chat}`, `/chats/${chat}/messages`]) {
      const { status, body } = await get(server, path, { token: eve.token });
      assert.equal(status, 404, 'as for a chat that does not exist');
      assert.equal(body.message, 'Chat not found');
    }
    const before = (await get(server, `/chats/${chat}/messages`, { token: ann.token })).body.length;
    const sent = await post(server, `/chats/${chat}/messages`, { token: eve.token, body: { content: 'boo' } });
    assert.equal(sent.status, 404);
    assert.equal((await get(server, `/chats/${chat}/messages`, { token: ann.token })).body.length, before);
  });

  test('13 an unknown chat and a bad id: 404, not 500 (F26)', async () => {
    for (const id of [randomUUID(), 'not-a-uuid', '%00', "'%20OR%201=1--", '..%2f..%2fetc']) {
      for (const path of [`/chats/${id}`, `/chats/${id}/messages`]) {
        const { status, body } = await get(server, path, { token: ann.token });
        assert.equal(status, 404, path);
        assert.equal(body.message, 'Chat not found');
      }
    }
  });

  test('14 history comes in pages, before, after and around a seq', async () => {
    const [pat, sam] = await registerAll(server, 'Pat', 'Sam');
    const chat = await chatOf(server, pat, sam);
    for (let n = 1; n <= 12; n++) {
      await post(server, `/chats/${chat}/messages`, { token: pat.token, body: { content: `m${n}` } });
    }
    const page = async (query) => (await get(server, `/chats/${chat}/messages?${query}`, { token: sam.token })).body;
    const all = await page('');
    const texts = (messages) => messages.map(({ content }) => content);
    assert.deepEqual(texts(await page('limit=3')), ['m10', 'm11', 'm12']);
    assert.deepEqual(texts(await page(`before=${all[5].seq}&limit=2`)), ['m4', 'm5']);
    assert.deepEqual(texts(await page(`after=${all[5].seq}&limit=2`)), ['m7', 'm8']);
    const around = texts(await page(`around=${all[5].seq}&limit=4`));
    assert.ok(around.includes('m6') && around.length === 4, around.join());
    for (const query of ['before=1&after=2', 'limit=x', 'before=-1', 'limit=-1', 'after=1.5']) {
      const { status } = await get(server, `/chats/${chat}/messages?${query}`, { token: sam.token });
      assert.equal(status, 400, query);
    }
    assert.equal((await page('limit=0')).length, 1);
    assert.equal((await page('limit=100000')).length, 12);
  });
});
