// A backup of a cluster under load, and nodes on what was restored, as contract/backup.test.mjs has it
// for one alone.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { anotherDatabase, chatOf, connect, describe, done, registerAll, startCluster, zvon } from '../harness/index.mjs';
import { Sender } from '../kill/sender.mjs';
import { stored } from '../standin/screens.mjs';

describe('a backup of a cluster', () => {
  let cluster, ann, bob, chatId;
  before(async () => {
    cluster = await startCluster({ env: { ZVON_LOG__LEVEL: 'info' } });
    [ann, bob] = await registerAll(cluster, 'Ann', 'Bob');
    chatId = await chatOf(cluster, ann, bob);
  });
  after(() => cluster.finish());

  const epochOf = async (person) => {
    const socket = await connect(cluster, person);
    const { epoch } = await socket.ask('sync', {});
    socket.close();
    return epoch;
  };

  test('under load, restored, and served again', async () => {
    const to = join(cluster.data, 'cluster.dump');
    const senders = cluster.nodes.map(({ url }, n) => new Sender(url, ann, [chatId], `device ${n}`));
    const follower = await connect(cluster, bob, { reconnectionDelay: 20, reconnectionDelayMax: 50 });
    await follower.ask('chat:join', { chatId });
    const acked = () => senders.flatMap((sender) => sender.acked);
    while (acked().length < 100) await follower.next('message');
    const early = acked();
    const said = await done(cluster, ['backup', '--to', to]);
    assert.match(said, /cluster\.dump holds the database \(\d+ bytes\); keep cluster\.key and auth\.jwt_secret/);
    const meanwhile = acked().length;
    assert.ok(meanwhile > early.length, 'sends went on');
    while (acked().length < meanwhile + 20) await follower.next('message');
    await Promise.all(senders.map((sender) => sender.finish()));
    const late = acked().toSorted((a, b) => a.acks[0].seq - b.acks[0].seq).at(-1);
    assert.equal((await stat(to)).mode & 0o777, 0o600);
    assert.equal((await zvon(cluster, ['backup', '--to', to])).code, 1, 'nothing is written over');

    const over = await zvon(cluster, ['restore', '--from', to]);
    assert.equal(over.code, 1);
    assert.match(over.err, /the database is not empty/);

    const [id, oldEpoch] = [follower.id, await epochOf(ann)];
    const back = new Promise((resolve) => follower.io.once('disconnect', () => follower.io.once('connect', resolve)));
    assert.equal(await cluster.stop(), 0);
    const other = anotherDatabase(cluster);
    const restored = await done(cluster, ['restore', '--from', to], { env: { DATABASE_URL: other.url } });
    for (const node of cluster.nodes) node.env.DATABASE_URL = other.url;
    await cluster.start();

    await back;
    assert.equal(follower.io.recovered, false, 'its offset is of another log');
    assert.notEqual(follower.id, id);
    const epoch = await epochOf(ann);
    assert.notEqual(epoch, oldEpoch);
    assert.ok(restored.includes(epoch), restored);
    const all = await stored(cluster, bob, chatId);
    assert.deepEqual(all.map(({ seq }) => seq), all.map((_, n) => n + 2), 'dense');
    const byId = new Map(all.map((message) => [message.id, message]));
    for (const { acks: [ack], content } of early) assert.equal(byId.get(ack.id)?.content, content, 'acked before the backup');
    assert.ok(!byId.has(late.acks[0].id), 'what came after the backup is gone');

    // With the same key, what is sent again is known.
    const again = await connect(cluster, ann);
    const { content, clientId, acks } = early[0];
    assert.equal((await again.ask('message', { chatId, content, clientId })).id, acks[0].id);
    assert.equal((await again.ask('message', { chatId, content: 'after the restore' })).seq, all.at(-1).seq + 1);
    again.close();
    follower.close();

    // By other means: the epoch is renewed by hand, once nobody is there.
    assert.equal(await cluster.stop(), 0);
    const renewed = (await done(cluster, ['epoch', '--renew'])).trim();
    assert.notEqual(renewed, epoch);
    await cluster.start();
    assert.equal(await epochOf(ann), renewed);
    assert.equal(await cluster.stop(), 0);
    other.drop();
    for (const node of cluster.nodes) node.env.DATABASE_URL = cluster.postgres.url;
    await cluster.start();
  });
});
