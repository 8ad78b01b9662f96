// Nodes under a schema that is newer than they are, as while a new version replaces them, and as after
// an upgrade that was taken back. tests/upgrade does the same with an older program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  anotherDatabase, chatOf, connect, describe, done, get, registerAll, startCluster, startNode, zvon,
} from '../harness/index.mjs';

describe('a schema of tomorrow', () => {
  let cluster, ann, bob, chatId;
  before(async () => {
    cluster = await startCluster();
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    chatId = await chatOf(cluster, ann, bob);
    // What a step of the next version may do: it only adds.
    for (const table of ['users', 'sessions', 'chats', 'members', 'events', 'pins', 'outbox']) {
      assert.equal(cluster.postgres.psql(`ALTER TABLE ${table} ADD COLUMN of_tomorrow text`), '');
    }
    assert.equal(cluster.postgres.psql("INSERT INTO schema_steps VALUES (999, 'of tomorrow', '', now())"), '');
  });
  after(() => cluster.finish());

  /** People on each of two nodes hear each other. */
  async function talk(one, other, content) {
    const [a, b] = [await connect(cluster, ann, { url: one.url }), await connect(cluster, bob, { url: other.url })];
    for (const socket of [a, b]) assert.equal((await socket.ask('chat:join', { chatId })).status, 'ok');
    const heard = b.next('message', (message) => message.content === content);
    const { id, seq } = await a.ask('message', { chatId, content });
    assert.deepEqual((({ id, seq }) => ({ id, seq }))(await heard), { id, seq });
    assert.equal((await b.ask('message:pin', { chatId, messageId: id })).status, 'ok');
    for (const socket of [a, b]) socket.close();
  }

  test('nodes that ran before it go on', async () => {
    await talk(cluster.nodes[0], cluster.nodes[1], 'under nodes that ran');
  });

  test('a node that starts on it works beside them', async () => {
    const [first, second] = cluster.nodes;
    assert.equal(await first.stop(), 0);
    await first.start();
    await talk(first, second, 'from the one that started');
    await talk(second, first, 'to the one that started');
    const page = (await get(cluster, `/chats/${chatId}/messages`, { token: bob.token })).body;
    assert.deepEqual(page.map(({ content }) => content), ['under nodes that ran', 'from the one that started', 'to the one that started']);
  });

  test('the operator is told, and works on it', async () => {
    const check = await zvon(cluster, ['migrate', '--check']);
    assert.deepEqual([check.code, /version 999, ahead: this program knows \d+ and may run on it/.test(check.out)], [1, true], check.out);
    const nothing = await zvon(cluster, ['migrate']);
    assert.deepEqual([nothing.code, nothing.out.includes('applied')], [0, false], nothing.err);
    for (const args of [['users', 'list'], ['export', '--chat', chatId], ['epoch']]) {
      const { code, err } = await zvon(cluster, args);
      assert.equal(code, 0, err);
    }
  });

  test('once it needs a newer program, older ones refuse to start and say why; those that run go on', async () => {
    assert.equal(cluster.postgres.psql("INSERT INTO meta VALUES ('least_known', '999')"), '');
    const why = /needs a program that knows version 999 of its schema, and this one knows \d+: start a newer one/;
    const [first, second, third] = cluster.nodes;
    assert.equal(await third.stop(), 0);
    await assert.rejects(third.start(), why);
    for (const args of [['users', 'list'], ['migrate'], ['migrate', '--print']]) {
      const { code, err } = await zvon(cluster, args);
      assert.equal(code, 1);
      assert.match(err, why);
    }
    const check = await zvon(cluster, ['migrate', '--check']);
    assert.deepEqual([check.code, /needs a program that knows 999/.test(check.out)], [1, true], check.out);
    await talk(first, second, 'still');
    cluster.postgres.psql("DELETE FROM meta WHERE key = 'least_known'");
    await third.start();
    await talk(third, second, 'again');
  });
});

describe('nodes that may not change the schema', () => {
  let cluster;
  before(async () => (cluster = await startCluster({ size: 1 })));
  after(() => cluster.finish());

  test('wait for who does', async () => {
    const other = anotherDatabase(cluster);
    const env = { ...cluster.env, DATABASE_URL: other.url, ZVON_STORE__MIGRATE: 'false' };
    await assert.rejects(startNode({ env }), /its schema is version 0 and this program's is \d+: `zvon migrate` brings it up to date/);
    assert.equal(other.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), '0');
    await done(cluster, ['migrate'], { env });
    const node = await startNode({ env });
    await registerAll(node, 'Ann');
    await node.finish();
    other.drop();
  });
});
