// An upgrade of a cluster from an older program to this one, and back, while people write: the schema
// first, then one node after the other. `make test-upgrade PREVIOUS=<path>` names the older program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHaproxy } from '../harness/balancers.mjs';
import {
  BINARY, chatOf, connect, describe, get, post, registerAll, signIn, startCluster, until, zvon,
} from '../harness/index.mjs';
import { Sender } from '../kill/sender.mjs';
import { holds } from '../kill/verdict.mjs';
import { stored } from '../standin/screens.mjs';

const PREVIOUS = process.env.ZVON_PREVIOUS_BIN;
if (!PREVIOUS) throw new Error('ZVON_PREVIOUS_BIN names no program: make test-upgrade PREVIOUS=<path>');

describe('an upgrade of a cluster', () => {
  let cluster, balancer, front, ann, bob, chatId, senders;
  before(async () => {
    cluster = await startCluster({ binary: PREVIOUS, env: { ZVON_LOG__LEVEL: 'info', ZVON_SERVER__DRAIN: '500ms' } });
    balancer = await startHaproxy(cluster.nodes.map(({ url }) => url));
    front = { url: balancer.url, secrets: cluster.secrets };
    [ann, bob] = await registerAll(front, 'Ann', 'Bob');
    chatId = await chatOf(front, ann, bob);
    senders = [ann, bob].map((person, n) => new Sender(front.url, person, [chatId], `device ${n}`));
  });
  after(async () => {
    await balancer.stop();
    await cluster.finish();
  });

  const count = () => senders.reduce((sum, { acked }) => sum + acked.length, 0);

  /** Replaces a node's program, while the others serve. */
  async function replace(node, binary) {
    assert.equal(await node.stop(), 0);
    node.binary = binary;
    await node.start();
    const from = count();
    await until(() => count() > from + 20, () => 'nothing is sent any more');
  }

  /** Every pair of nodes, of whichever versions: messages, presence, pins, ends of sessions. */
  async function together() {
    const [one, other] = await registerAll(front, 'One', 'Other');
    const chat = await chatOf(front, one, other);
    for (const from of cluster.nodes) {
      for (const to of cluster.nodes) {
        const phone = await signIn(front, one);
        const b = await connect(front, other, { url: to.url });
        assert.equal((await b.ask('chat:join', { chatId: chat })).status, 'ok');
        const a = await connect(front, phone, { url: from.url, reconnection: false });
        assert.equal((await a.ask('chat:join', { chatId: chat })).status, 'ok');
        const heard = b.next('message');
        const { id, seq } = await a.ask('message', { chatId: chat, content: 'from one version to another' });
        assert.equal((await heard).seq, seq);
        assert.equal((await b.ask('message:pin', { chatId: chat, messageId: id })).status, 'ok');
        const page = (await get({ ...front, url: from.url }, `/chats/${chat}/messages`, { token: phone.token })).body;
        assert.equal(page.at(-1).id, id);
        const out = await post({ ...front, url: to.url }, '/auth/logout', { token: phone.token });
        assert.ok(out.status < 300, out.text);
        await a.hear('disconnect');
        b.close();
        a.close();
      }
    }
  }

  test('begins with what was there', () => until(() => count() > 50, () => 'nobody writes'));

  test('the schema comes first, under the older nodes', async () => {
    const { code, out, err } = await zvon(cluster, ['migrate']);
    assert.equal(code, 0, err);
    assert.match(out, /as this program's/);
    const from = count();
    await until(() => count() > from + 50, () => 'the older nodes stopped writing');
    await together();
  });

  test('then the nodes, one after the other, and every mixture works', async () => {
    for (const node of cluster.nodes) {
      await replace(node, BINARY);
      await together();
    }
  });

  test('and back', async () => {
    for (const node of cluster.nodes) {
      await replace(node, PREVIOUS);
      await together();
    }
  });

  test('everything that was acked is there once, in its order', async () => {
    await Promise.all(senders.map((sender) => sender.finish()));
    const all = await stored(front, bob, chatId);
    const sends = senders.flatMap((sender) => sender.sends.map((send) => ({ sender: sender.person.id, send })));
    holds(all, sends, { firstSeq: 2, lastSeq: all.length + 1 });
    assert.deepEqual(senders.flatMap(({ refusals }) => refusals), [], 'no send was refused');
    assert.ok(all.length > 300, `${all.length} were sent`);
  });
});
