// A backup under load, and a server on what was restored: everything acked before the backup began
// is there, the log is dense, and no client takes the new log for the old one.
import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, get, post, register, registerAll, startServer, zvon } from '../harness/index.mjs';
import { Sender } from '../kill/sender.mjs';
import { stored } from '../standin/screens.mjs';

const mode = async (path) => (await stat(path)).mode & 0o777;

describe('a backup', () => {
  let server, ann, bob, chatId;
  before(async () => {
    server = await startServer({ env: { ZVON_LOG__LEVEL: 'info' } });
    [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    chatId = await chatOf(server, ann, bob);
  });
  after(() => server.finish());

  test('under load, restored, and served again', async () => {
    const [to, data] = [join(server.data, 'backup'), join(server.data, 'data')];
    const senders = ['phone', 'desk', 'tablet'].map((name) => new Sender(server.url, ann, [chatId], name));
    const follower = await connect(server, bob, { reconnectionDelay: 20, reconnectionDelayMax: 50 });
    await follower.ask('chat:join', { chatId });
    const acked = () => senders.flatMap((sender) => sender.acked);
    while (acked().length < 100) await follower.next('message');
    const early = acked();
    const { code, out, err } = await zvon(server, ['backup', '--to', to]);
    assert.equal(code, 0, err);
    assert.match(out, /zvon\.db \(\d+ bytes\), cluster\.key/);
    const meanwhile = acked().length;
    assert.ok(meanwhile > early.length, 'sends went on');
    while (acked().length < meanwhile + 20) await follower.next('message');
    await Promise.all(senders.map((sender) => sender.finish()));
    const late = acked().at(-1);

    assert.equal(await mode(to), 0o700);
    assert.deepEqual((await readdir(to)).sort(), ['cluster.key', 'zvon.db']);
    for (const name of await readdir(to)) assert.equal(await mode(join(to, name)), 0o600, name);

    const [id, oldEpoch] = [follower.id, await epochOf(server, ann)];
    const back = new Promise((resolve) => follower.io.once('disconnect', () => follower.io.once('connect', resolve)));
    assert.equal(await server.stop(), 0);
    await rename(data, join(server.data, 'lost'));
    const restored = await zvon(server, ['restore', '--from', to]);
    assert.equal(restored.code, 0, restored.err);
    assert.equal(await mode(data), 0o700);
    for (const name of await readdir(data)) assert.equal(await mode(join(data, name)), 0o600, name);
    await server.start();

    await back;
    assert.equal(follower.io.recovered, false, 'its offset is of another log');
    assert.notEqual(follower.id, id);
    assert.notEqual(await epochOf(server, ann), oldEpoch);
    const all = await stored(server, bob, chatId);
    assert.deepEqual(all.map(({ seq }) => seq), all.map((_, n) => n + 2), 'dense');
    const byId = new Map(all.map((message) => [message.id, message]));
    for (const { acks: [ack], content } of early) assert.equal(byId.get(ack.id)?.content, content, 'acked before the backup');
    assert.ok(!byId.has(late.acks[0].id), 'what came after the backup is gone');

    // The key came along: what is sent again is known.
    const known = early[0];
    const again = await connect(server, ann);
    const ack = await again.ask('message', { chatId, content: known.content, clientId: known.clientId });
    assert.equal(ack.id, known.acks[0].id);
    const next = await again.ask('message', { chatId, content: 'after the restore' });
    assert.equal(next.seq, all.at(-1).seq + 1);
    assert.deepEqual((await stored(server, bob, chatId)).map(({ seq }) => seq), [...all.map(({ seq }) => seq), next.seq]);
    again.close();
    follower.close();
  });

  test('never goes over something that is there, and leaves nothing half done', async () => {
    const [taken, file] = [join(server.data, 'taken'), join(server.data, 'alone.db')];
    await mkdir(taken);
    const { code, err } = await zvon(server, ['backup', '--to', taken]);
    assert.equal(code, 1);
    assert.match(err, /taken is there already/);
    assert.equal((await zvon(server, ['backup', '--to', file])).code, 0);
    assert.equal(await mode(file), 0o600);
    assert.equal((await zvon(server, ['backup', '--to', file])).code, 1);
    const nowhere = await zvon(server, ['backup', '--to', join(server.data, 'b')], { data: join(server.data, 'nowhere') });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.err, /there is no database/);
    const left = (await readdir(server.data)).filter((name) => name.includes('partial') || name === 'b');
    assert.deepEqual(left, []);
  });

  test('is not restored over data, beside a server, or from what is none', async () => {
    const to = join(server.data, 'good');
    assert.equal((await zvon(server, ['backup', '--to', to])).code, 0);
    const over = await zvon(server, ['restore', '--from', to]);
    assert.equal(over.code, 1);
    assert.match(over.err, /data is not empty/);
    assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 200);

    const bad = join(server.data, 'bad');
    const empty = join(server.data, 'empty');
    const refused = async (text) => {
      const { code, err } = await zvon(server, ['restore', '--from', bad], { data: empty });
      assert.equal(code, 1, text);
      assert.match(err, text);
      await assert.rejects(stat(join(empty, 'zvon.db')), { code: 'ENOENT' });
      await assert.rejects(stat(join(empty, 'cluster.key')), { code: 'ENOENT' });
    };
    await mkdir(bad);
    await refused(/is no backup: it has no zvon\.db/);
    await writeFile(join(bad, 'zvon.db'), 'nothing of the kind '.repeat(1000));
    await refused(/is no backup: it has no cluster\.key/);
    await writeFile(join(bad, 'cluster.key'), 'k'.repeat(64));
    await refused(/the backup cannot be read/);
    const good = await zvon(server, ['restore', '--from', to], { data: empty });
    assert.equal(good.code, 0, good.err);
  });

  test('a copied data directory is restored with what stood in its write-ahead log', async () => {
    const [pat, cold, data] = [await register(server, 'Pat'), join(server.data, 'cold'), join(server.data, 'data')];
    const other = await chatOf(server, pat, bob);
    await post(server, `/chats/${other}/messages`, { token: pat.token, body: { content: 'the last words' } });
    await server.kill();
    await rename(data, cold);
    assert.ok((await stat(join(cold, 'zvon.db-wal'))).size > 0, 'nothing was taken over yet');
    const { code, err } = await zvon(server, ['restore', '--from', cold]);
    assert.equal(code, 0, err);
    await server.start();
    const page = (await get(server, `/chats/${other}/messages`, { token: pat.token })).body;
    assert.deepEqual(page.map(({ content }) => content), ['the last words']);
    await rm(cold, { recursive: true });
  });
});

async function epochOf(server, person) {
  const socket = await connect(server, person);
  const { epoch } = await socket.ask('sync', {});
  socket.close();
  return epoch;
}
