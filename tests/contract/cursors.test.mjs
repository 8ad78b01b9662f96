// Delivered and read cursors: decisions 0.1.3 and 0.1.4.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, get, registerAll, startServer } from '../harness/index.mjs';

describe('cursors', () => {
  let server;
  const sockets = [];
  before(async () => (server = await startServer()));
  after(async () => {
    for (const socket of sockets) socket.close();
    await server.finish();
  });

  async function pair() {
    const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    const [a, b] = [await connect(server, ann), await connect(server, bob)];
    sockets.push(a, b);
    const { chatId } = await a.ask('chat:get', { recipientId: bob.id });
    return { ann, bob, a, b, chatId };
  }
  const send = (socket, chatId, count) =>
    Promise.all(Array.from({ length: count }, (_, n) => socket.ask('message', { chatId, content: `${n}` })));
  const stored = async (person, chatId) =>
    (await get(server, `/chats/${chatId}/messages`, { token: person.token })).body.map(({ status }) => status);

  test('reading a message reads everything before it', async () => {
    const { ann, bob, a, b, chatId } = await pair();
    const sent = await send(a, chatId, 5);
    await b.ask('message:read', { messageId: sent[3].id });
    const last = await a.hear('chat:cursor', ({ readSeq }) => readSeq === sent[3].seq);
    assert.deepEqual(last, { chatId, userId: bob.id, deliveredSeq: sent[3].seq, readSeq: sent[3].seq });
    const read = a.all('message:status').map(({ messageId, status }) => [messageId, status]);
    assert.deepEqual(read.sort(), sent.slice(0, 4).map(({ id }) => [id, 'READ']).sort());
    assert.deepEqual(await stored(ann, chatId), ['READ', 'READ', 'READ', 'READ', 'SENT']);
  });

  test('a long jump tells of the newest 200, and of all of it by chat:cursor', async () => {
    const { a, b, chatId } = await pair();
    const sent = await send(a, chatId, 230);
    await b.ask('message:read', { messageId: sent.at(-1).id });
    await a.hear('chat:cursor', ({ readSeq }) => readSeq === sent.at(-1).seq);
    await a.settle();
    const told = new Set(a.all('message:status').map(({ messageId }) => messageId));
    assert.deepEqual([...told], sent.slice(-200).map(({ id }) => id));
  });

  test('message:read and message:delivered take a chat and a seq, clipped to what there is', async () => {
    const { ann, a, b, chatId } = await pair();
    const sent = await send(a, chatId, 3);
    assert.deepEqual(await b.ask('message:delivered', { chatId, seq: sent[1].seq }), { status: 'ok' });
    await a.hear('chat:cursor', ({ deliveredSeq }) => deliveredSeq === sent[1].seq);
    assert.deepEqual(await stored(ann, chatId), ['DELIVERED', 'DELIVERED', 'SENT']);
    assert.deepEqual(await b.ask('message:read', { chatId, seq: 1e9 }), { status: 'ok' });
    const end = await a.hear('chat:cursor', ({ readSeq }) => readSeq > sent[1].seq);
    assert.equal(end.readSeq, sent[2].seq);
    assert.deepEqual(await stored(ann, chatId), ['READ', 'READ', 'READ']);
  });

  test('the front end’s message:status DELIVERED counts, with or without an ack', async () => {
    const { a, b, chatId } = await pair();
    const [first, second] = await send(a, chatId, 2);
    assert.deepEqual(await b.ask('message:status', { messageId: first.id, status: 'DELIVERED' }), { status: 'ok' });
    await a.hear('message:status', ({ messageId }) => messageId === first.id);
    b.tell('message:status', { messageId: second.id, status: 'DELIVERED' });
    await a.hear('message:status', ({ messageId }) => messageId === second.id);
  });

  test('one’s own message is not read by oneself (F12)', async () => {
    const { ann, a, b, chatId } = await pair();
    const [{ id }] = await send(a, chatId, 1);
    assert.deepEqual(await a.ask('message:read', { messageId: id }), { status: 'ok' });
    await b.settle();
    assert.deepEqual(a.all('message:status'), []);
    assert.deepEqual(await stored(ann, chatId), ['SENT']);
  });

  test('sending moves one’s own cursors', async () => {
    const { ann, a, b, chatId } = await pair();
    await send(a, chatId, 2);
    await b.ask('message', { chatId, content: 'an answer' });
    await a.hear('chat:cursor');
    assert.deepEqual((await stored(ann, chatId)).slice(0, 2), ['READ', 'READ']);
  });
});
