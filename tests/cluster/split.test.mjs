// F7 split brain: Redis' master is cut off together with one node; for the others Sentinels make a
// replica the master. The network heals, and there is one truth again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, claimsOf, connect, describe, get, registerAll, signIn, until } from '../harness/index.mjs';
import { startApart } from './apart.mjs';
import { startTalk } from './talk.mjs';

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const LIMIT = 5;
const APART = 20_000;

describe('Redis apart', () => {
  let apart, cluster;
  before(async () => {
    apart = await startApart({ ZVON_PRESENCE__GRACE: '2s', ZVON_LIMITS__PINS_PER_MINUTE: String(LIMIT) });
    ({ cluster } = apart);
  });
  after(() => apart?.finish());

  const at = (n) => ({ ...cluster, url: cluster.nodes[n].url, secrets: cluster.secrets });
  const isOnline = async (watcher, person) => (await watcher.ask('users:list', {})).users.find(({ id }) => id === person.id).isOnline;
  /** Who of these is online, as each node sees it. */
  const census = (watchers, people) => Promise.all(watchers.map((watcher) => Promise.all(people.map((person) => isOnline(watcher, person)))));

  /** How many of many pins of one user over all nodes, all at once, are let through. */
  async function pins(person, { chatId }, messages) {
    const sockets = await Promise.all(cluster.nodes.map(({ url }) => connect(cluster, person, { url })));
    const tries = sockets.flatMap((socket, n) => messages.slice(n * 8, n * 8 + 8).map((messageId) => socket.ask('message:pin', { chatId, messageId })));
    const answers = await Promise.all(tries);
    for (const socket of sockets) socket.close();
    for (const { status, message } of answers) assert.ok(status === 'ok' || message === 'Rate limit exceeded', message);
    return answers.filter(({ status }) => status === 'ok').length;
  }

  test('F7 the master is cut off with one node, and comes back', async (t) => {
    const [ann, bob, eve, dan, kim] = await registerAll(cluster, 'Ann', 'Bob', 'Eve', 'Dan', 'Kim');
    const talk = await startTalk(cluster, [ann, bob]);
    const watchers = await Promise.all(cluster.nodes.map(({ url }) => connect(cluster, kim, { url })));
    // Eve is on the side that is cut off, Dan goes meanwhile.
    const e = await connect(cluster, eve, { url: cluster.nodes[0].url });
    const d = await connect(cluster, dan, { url: cluster.nodes[0].url });
    const phone = await signIn(cluster, eve);
    const p = await connect(cluster, phone, { url: cluster.nodes[0].url, reconnection: false });
    const everybody = [ann, bob, eve, dan];
    await until(async () => (await census(watchers, everybody)).flat().every(Boolean), () => 'somebody is not seen', 5000);
    talk.start(100);
    await wait(1500);

    assert.ok(apart.isMaster(), 'another master before anything happened');
    apart.part();
    const began = Date.now();
    const since = () => Date.now() - began;
    d.close();
    assert.ok((await call(at(1), 'DELETE', `/auth/sessions/${claimsOf(phone.token).sid}`, { token: eve.token })).status < 300);
    await until(() => p.disconnects.length > 0, () => 'the ended session has its socket', 5000);
    await until(apart.refuses, () => 'the master that is cut off takes writes', 10_000 - since());
    const refused = since();
    await until(apart.isReplaced, () => 'no other master', 15_000 - since());
    const promoted = since();
    // The two sides know nothing of each other: at most the limit on each, once each has its Redis or
    // knows that it has none.
    const settled = async (n, status) => (await get(at(n), '/health')).body.details.redis.status === status;
    await until(async () => (await settled(1, 'up')) && (await settled(2, 'up')), () => 'no Redis for the others', 18_000 - since());
    await wait(1000);
    const pinned = await pins(ann, talk, talk.sent.slice(0, 24));
    assert.ok(pinned >= 1 && pinned <= 2 * LIMIT, `${pinned} of ${LIMIT}`);
    await wait(APART - since());

    apart.heal();
    const healed = Date.now();
    const after = () => Date.now() - healed;
    const right = [true, true, true, false];
    const agree = async () => (await census(watchers, everybody)).every((seen) => seen.every((online, n) => online === right[n]));
    const agreed = async () => (await until(agree, () => 'presence differs', 15_000)) ?? after();
    // One way after the other: what is heard does not say from where.
    const typed = async () => {
      const took = [];
      for (const [from, to] of [[0, 2], [1, 0], [2, 1]]) {
        const [speaker, hearer] = [talk.sockets[from * 2], talk.sockets[to * 2 + 1]];
        const crosses = async () => {
          speaker.tell('user:typing', { chatId: talk.chatId, isTyping: true });
          return hearer.next('user:typing', () => true, 300).then(() => true, () => false);
        };
        await until(crosses, () => `typing does not come from node ${from} to ${to}`, 3000 - after());
        took.push(after());
      }
      return took;
    };
    const [presence, typing] = await Promise.all([agreed(), typed()]);
    for (const n of [0, 1, 2]) {
      await until(() => settled(n, 'up'), () => `node ${n} says that Redis is away`, 15_000 - after());
    }
    await until(apart.isReplica, () => 'two masters', 15_000 - after());
    const together = after();
    t.diagnostic(`apart: writes refused after ${refused} ms, another master after ${promoted} ms, ${pinned} calls of a limit of ${LIMIT}; healed: presence ${presence} ms, typing ${typing} ms, all ${together} ms`);

    // Whoever was counted nowhere yet is counted exactly; nothing that ended came back.
    assert.equal(await pins(bob, talk, talk.sent.slice(24, 48)), LIMIT);
    for (const n of [0, 1, 2]) {
      assert.equal((await get(at(n), '/auth/me', { token: phone.token })).status, 401);
      for (const person of everybody) assert.equal((await get(at(n), '/auth/me', { token: person.token })).status, 200);
    }
    await talk.finish(5000);
    assert.deepEqual(talk.failures, []);
    assert.ok(talk.hearings.every((took) => took <= 5000), `${Math.max(...talk.hearings)} ms`);
    for (const socket of [...talk.sockets, ...watchers, e]) assert.deepEqual(socket.disconnects, [], 'nobody was cut off');
    talk.close();
    for (const socket of [...watchers, e]) socket.close();
  });
});
