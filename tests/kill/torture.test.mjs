// kill -9 at random moments under load, again and again (ROUNDS, 8 if not said): nothing acked is lost,
// nothing stands twice, nothing is out of order, and whoever follows sees exactly that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, connect, describe, registerAll, startServer, until } from '../harness/index.mjs';
import { Follower } from '../standin/follower.mjs';
import { stored } from '../standin/screens.mjs';
import { Sender } from './sender.mjs';
import { holds } from './verdict.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 8);
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

describe('kill -9', () => test(`${ROUNDS} times under load`, async (t) => {
  const server = await startServer({ env: { ZVON_LOG__LEVEL: 'warn' } });
  const people = await registerAll(server, 'Ann', 'Bob', 'Eve', 'Dan');
  const [ann, bob, eve, dan] = people;
  const host = await connect(server, ann);
  const group = await host.ask('chat:create', { title: 'All', participants: people.slice(1).map(({ id }) => id) });
  host.close();
  const pairs = [await chatOf(server, ann, bob), await chatOf(server, eve, dan)];
  const chatsOf = new Map([[ann, pairs[0]], [bob, pairs[0]], [eve, pairs[1]], [dan, pairs[1]]]);
  const senders = people.flatMap((person) => {
    const chats = [group.chat.id, chatsOf.get(person)];
    return ['phone', 'desk'].map((device) => new Sender(server.url, person, chats, `${person.name} ${device}`));
  });
  const follower = new Follower(server, server.url, ann);

  let slowest = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    // Now and then before anybody is back, or as soon as it serves.
    await pause(round % 5 === 0 ? Math.random() * 20 : 150 + Math.random() * 500);
    await server.kill();
    await pause(Math.random() * 100);
    const began = Date.now();
    await server.start();
    slowest = Math.max(slowest, Date.now() - began);
  }
  await Promise.all(senders.map((sender) => sender.finish()));

  let messages = 0;
  for (const chatId of [group.chat.id, ...pairs]) {
    const reader = people.find((person) => chatId === group.chat.id || chatsOf.get(person) === chatId);
    const all = await stored(server, reader, chatId);
    const witness = await connect(server, reader);
    const { chats } = await witness.ask('sync', { cursors: {} });
    witness.close();
    const chat = chats.find(({ id }) => id === chatId);
    const sends = senders.flatMap((sender) =>
      sender.sends.filter((send) => send.chatId === chatId).map((send) => ({ sender: sender.person.id, send })),
    );
    holds(all, sends, { firstSeq: 2, lastSeq: chat.lastSeq });
    cursorsAreSane(chat, senders, chatId);
    messages += all.length;
    if (chatId === pairs[1]) continue;
    await until(() => follower.texts(chatId).length >= all.length, () => `${follower.texts(chatId).length} of ${all.length}`);
    assert.deepEqual(follower.texts(chatId), all.map(({ content }) => content));
  }
  follower.quit();
  const sum = (count) => senders.reduce((total, sender) => total + count(sender), 0);
  assert.deepEqual(senders.flatMap(({ refusals }) => refusals), []);
  assert.ok(sum(({ retries }) => retries) > 0, 'no send was ever interrupted');
  t.diagnostic(`${ROUNDS} kills, ${messages} messages, ${sum(({ retries }) => retries)} retries, ready again within ${slowest} ms`);
  await server.finish();
}));

/** Every acked read is kept; no cursor passes the end, none is read beyond what is delivered. */
function cursorsAreSane(chat, senders, chatId) {
  for (const member of chat.members) {
    assert.ok(member.readSeq <= member.deliveredSeq && member.deliveredSeq <= chat.lastSeq, JSON.stringify(member));
    for (const { person, read } of senders) {
      if (person.id === member.userId) assert.ok(member.readSeq >= (read.get(chatId) ?? 0), `an acked read of ${person.name} is gone`);
    }
  }
}
