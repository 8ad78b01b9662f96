// What nodes keep of the database: never older than what was answered, never what Redis made of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, chatOf, claimsOf, connect, describe, get, post, register, registerAll, signIn, startCluster, until } from '../harness/index.mjs';

const MESSAGES = 200;

describe('the cache among nodes', () => {
  let cluster, ann, bob, chatId, ids, a;
  before(async () => {
    cluster = await startCluster({ env: { ZVON_METRICS__LISTEN: '127.0.0.1:0' } });
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    chatId = await chatOf(cluster, ann, bob);
    a = await connect(cluster, ann, { url: cluster.nodes[0].url });
    ids = [];
    for (let n = 0; n < MESSAGES; n++) ids.push((await a.ask('message', { chatId, content: `m${n}` })).id);
    const b = await connect(cluster, bob, { url: cluster.nodes[1].url });
    const read = await b.ask('message:read', { messageId: ids.at(-1) });
    assert.equal(read.status, 'ok', JSON.stringify(read));
  });
  after(() => cluster.finish());

  const on = (node) => ({ ...cluster, url: node.url, secrets: cluster.secrets });
  const me = async (node, token) => (await get(on(node), '/auth/me', { token })).status;
  const page = async (node, query, person = bob) => {
    const answer = await get(on(node), `/chats/${chatId}/messages?${query}`, { token: person.token });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const pinned = async (node) => {
    const socket = await connect(cluster, bob, { url: node.url });
    const { messages } = await socket.ask('chat:get-pinned', { chatId });
    socket.close();
    return messages.map(({ id }) => id);
  };

  /** A figure of a node: the sum of what begins like that. */
  async function figure(node, start) {
    const [, url] = [...node.logs.matchAll(/its metrics are at (\S+)/g)].at(-1);
    const text = await (await fetch(url)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(start));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
  const readings = (node) => figure(node, 'zvon_store_seconds_count{verb="page"}');

  test('a session that ends on one node is refused there at once, elsewhere within a second', async () => {
    const [first, ...others] = cluster.nodes;
    const took = [];
    for (let round = 0; round < 5; round++) {
      const phone = await signIn(cluster, ann);
      for (const node of cluster.nodes) for (let n = 0; n < 3; n++) assert.equal(await me(node, phone.token), 200);
      const { status } = await call(on(first), 'DELETE', `/auth/sessions/${claimsOf(phone.token).sid}`, { token: ann.token });
      assert.ok(status < 300);
      const began = Date.now();
      assert.equal(await me(first, phone.token), 401);
      for (const node of others) await until(async () => (await me(node, phone.token)) === 401, () => 'it is let in');
      took.push(Date.now() - began);
      for (let n = 0; n < 10; n++) for (const node of cluster.nodes) assert.equal(await me(node, phone.token), 401, 'it came back');
    }
    assert.ok(Math.max(...took) <= 1000, `${took} ms`);
  });

  test('with Redis away within five seconds, and nothing is written meanwhile', async () => {
    const [first, ...others] = cluster.nodes;
    const phone = await signIn(cluster, ann);
    for (const node of cluster.nodes) assert.equal(await me(node, phone.token), 200);
    await cluster.redis.stop();
    try {
      assert.ok((await post(on(first), '/auth/logout', { token: phone.token })).status < 300);
      const began = Date.now();
      assert.equal(await me(first, phone.token), 401);
      for (const node of others) {
        const written = await post(on(node), `/chats/${chatId}/messages`, { token: phone.token, body: { content: 'too late' } });
        assert.equal(written.status, 401);
        await until(async () => (await me(node, phone.token)) === 401, () => 'it is let in', 5000);
      }
      assert.ok(Date.now() - began <= 5000);
      for (const node of cluster.nodes) assert.equal(await me(node, ann.token), 200, 'nobody else is put out');
    } finally {
      await cluster.redis.start();
    }
    for (const node of cluster.nodes) assert.equal(await me(node, phone.token), 401);
  });

  test('a new password and a closed account end what other nodes know', async () => {
    const eve = await register(cluster, 'Eve');
    const phone = await signIn(cluster, eve);
    for (const node of cluster.nodes) assert.equal(await me(node, phone.token), 200);
    const body = { currentPassword: eve.password, newPassword: 'another one 123' };
    const changed = await post(on(cluster.nodes[0]), '/auth/password', { token: eve.token, body });
    assert.ok(changed.status < 300, changed.text);
    for (const node of cluster.nodes) await until(async () => (await me(node, phone.token)) === 401, () => 'let in', 1000);
    for (const node of cluster.nodes) assert.equal(await me(node, eve.token), 200);
    // An operator's transaction, beside all nodes.
    const at = Date.now();
    cluster.postgres.psql(`UPDATE users SET disabled_at = ${at} WHERE id = '${eve.id}';
      UPDATE sessions SET revoked_at = ${at}, reason = 'operator' WHERE user_id = '${eve.id}' AND revoked_at IS NULL`);
    for (const node of cluster.nodes) await until(async () => (await me(node, eve.token)) === 401, () => 'let in', 1000);
  });

  test('what was acknowledged on one node is read on every other, at once', async () => {
    for (let n = 0; n < 15; n++) {
      const { id } = await a.ask('message', { chatId, content: `now ${n}` });
      for (const node of cluster.nodes) assert.equal((await page(node, 'limit=3')).at(-1).id, id);
      await a.ask('message:pin', { messageId: ids[n] });
      assert.ok((await pinned(cluster.nodes[0])).includes(ids[n]), 'on the node of whoever pinned');
      for (const node of cluster.nodes) await until(async () => (await pinned(node)).includes(ids[n]), () => 'no pin', 1000);
      for (const node of cluster.nodes) assert.ok((await page(node, 'around=10&limit=60')).find(({ id }) => id === ids[n]).isPinned);
      if (n % 2) continue;
      await a.ask('message:unpin', { messageId: ids[n] });
      assert.ok(!(await pinned(cluster.nodes[0])).includes(ids[n]));
      for (const node of cluster.nodes) await until(async () => !(await pinned(node)).includes(ids[n]), () => 'a pin', 1000);
    }
    const eve = await register(on(cluster.nodes[0]), 'Another');
    for (const node of cluster.nodes) {
      const rows = await get(on(node), '/users', { token: bob.token });
      assert.ok(rows.body.some(({ id }) => id === eve.id), 'who signed up is in the list of every node');
    }
  });

  test('old pages show a pin of another node within a second and a half', async () => {
    const [first, second] = cluster.nodes;
    const old = async () => (await page(second, 'before=100&limit=50')).find(({ id }) => id === ids[60]);
    assert.equal((await old()).isPinned, false);
    const before = await figure(second, 'zvon_cache_hits_total{kind="standing"}');
    await old();
    assert.ok((await figure(second, 'zvon_cache_hits_total{kind="standing"}')) > before, 'it is out of the cache');
    const socket = await connect(cluster, bob, { url: first.url });
    assert.equal((await socket.ask('message:pin', { messageId: ids[60] })).status, 'ok');
    const began = Date.now();
    await until(async () => (await old()).isPinned, () => 'no pin');
    assert.ok(Date.now() - began <= 1500, `${Date.now() - began} ms`);
    socket.close();
  });

  test('all pages are those of the database', async () => {
    const sql = `SELECT count(*), sum(length(content)) FROM events WHERE chat_id = '${chatId}' AND kind = 1`;
    for (const node of cluster.nodes) {
      for (const limit of [7, 50, 64, 65, 1000]) {
        const all = [];
        for (let before = 1_000_000; ; before = all[0].seq) {
          const rows = await page(node, `before=${before}&limit=${limit}`);
          if (rows.length === 0) break;
          assert.deepEqual(rows.map(({ seq }) => seq), rows.map(({ seq }) => seq).sort((one, two) => one - two));
          all.unshift(...rows);
        }
        const forth = [];
        for (let after = 0; ; after = forth.at(-1).seq) {
          const rows = await page(node, `after=${after}&limit=${limit}`);
          if (rows.length === 0) break;
          forth.push(...rows);
        }
        assert.deepEqual(forth.map(({ id }) => id), all.map(({ id }) => id));
        assert.equal(`${all.length}|${all.reduce((sum, { content }) => sum + content.length, 0)}`, cluster.postgres.psql(sql));
        assert.equal(all.filter(({ isPinned }) => isPinned).length, Number(cluster.postgres.psql('SELECT count(*) FROM pins')));
      }
    }
  });

  test('without Redis a pin is on every other node within a second and a half', async () => {
    await cluster.redis.stop();
    try {
      const id = ids[100];
      for (const node of cluster.nodes) assert.ok(!(await pinned(node)).includes(id));
      assert.equal((await a.ask('message:pin', { messageId: id })).status, 'ok');
      for (const node of cluster.nodes) await until(async () => (await pinned(node)).includes(id), () => 'no pin', 1500);
      for (const node of cluster.nodes) assert.equal((await page(node, 'limit=5')).length, 5);
    } finally {
      await cluster.redis.start();
    }
  });

  test('who was put out of a group reads nothing of it', async () => {
    const made = await a.ask('chat:create', { title: 'Few', participants: [bob.id] });
    const group = made.chat?.id;
    assert.ok(group, JSON.stringify(made));
    await a.ask('message', { chatId: group, content: 'for us' });
    const read = async (node) => (await get(on(node), `/chats/${group}/messages?before=9`, { token: bob.token })).status;
    for (const node of cluster.nodes) for (let n = 0; n < 2; n++) assert.equal(await read(node), 200);
    const left = await a.ask('member:remove', { chatId: group, userId: bob.id });
    assert.equal(left.status, 'ok', JSON.stringify(left));
    assert.equal(await read(cluster.nodes[0]), 404, 'at once on the node that was asked');
    for (const node of cluster.nodes) await until(async () => (await read(node)) === 404, () => 'it reads', 1500);
  });

  test('F5 after a flush each node reads each page once at most, however many ask', async () => {
    const ask = (node) => Promise.all(Array.from({ length: 30 }, () => page(node, 'before=129&limit=64')));
    for (const node of cluster.nodes) await ask(node);
    const known = await Promise.all(cluster.nodes.map(readings));
    cluster.redis.cli('FLUSHALL');
    await Promise.all(cluster.nodes.map(ask));
    const after = await Promise.all(cluster.nodes.map(readings));
    for (const [n, count] of after.entries()) assert.ok(count - known[n] <= 1, `${count - known[n]} readings`);
    for (const node of cluster.nodes) assert.equal(await me(node, ann.token), 200, 'nobody is logged out');
  });

  test('F5 nodes that start anew, without Redis: one reading per page and node', async () => {
    await cluster.redis.stop();
    try {
      for (const node of cluster.nodes) {
        await node.stop();
        await node.start();
        const [many, all] = [40, []];
        for (let n = 0; n < many; n++) all.push(page(node, 'before=129&limit=60'));
        for (const rows of await Promise.all(all)) assert.equal(rows.length, 60);
        const count = await readings(node);
        assert.ok(count <= 2, `${count} readings for ${many} who asked`);
      }
    } finally {
      await cluster.redis.start();
    }
  });

  test('what nodes keep in Redis ends by itself, and what others put there is not believed', async () => {
    const [first] = cluster.nodes;
    await until(async () => {
      await page(first, 'before=129&limit=60');
      await get(on(first), '/users', { token: bob.token });
      const keys = cluster.redis.cli('--scan', '--pattern', 'chat:*').split('\n').filter(Boolean);
      return keys.length > 0 || (cluster.redis.cli('FLUSHALL'), await first.stop(), await first.start(), false);
    }, () => 'nothing is kept in Redis');
    const keys = cluster.redis.cli('--scan').split('\n').filter((key) => /^(chat|users):/.test(key));
    for (const key of keys) assert.ok(Number(cluster.redis.cli('PTTL', key)) > 0, key);
    for (const key of keys.filter((key) => key.includes(':messages:'))) cluster.redis.cli('HSET', key, 'b', 'forged by whoever writes to Redis');
    await first.stop();
    await first.start();
    const rows = await page(first, 'before=129&limit=60');
    assert.ok(rows.every(({ content }) => content.startsWith('m')));
    const forged = await figure(first, 'zvon_cache_refused_total');
    assert.ok(forged > 0, 'it was counted');
  });
});
