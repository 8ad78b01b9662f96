// The official client against three nodes behind a balancer without sticky sessions.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, register, until } from '../harness/index.mjs';
import { startCluster } from './nodes.mjs';

const COMMANDS = 40;
const listed = (socket) => socket.ask('users:list', { limit: 1 });

/** How many of a session's requests went to another node than its first. */
function elsewhere({ balancer, nodes }, sid) {
  const owner = nodes.find((node) => sid.startsWith(node.id));
  return balancer.went.filter((one) => one.sid === sid && one.node !== owner).length;
}

describe('three nodes and no sticky sessions', () => {
  let cluster;
  let ann;
  before(async () => {
    cluster = await startCluster(3);
    ann = await register(cluster, 'Ann');
  });
  after(async () => assert.doesNotMatch(await cluster.stop(), /panicked/));

  test('polling alone, every request to a node drawn by lot', async () => {
    const socket = await connect(cluster, ann, { transports: ['polling'] });
    for (let n = 0; n < COMMANDS; n += 1) assert.ok(await listed(socket));
    const sid = socket.io.io.engine.id;
    assert.equal(sid.length, 28);
    assert.ok(!sid.includes(socket.id) && !socket.id.startsWith(sid.slice(0, 8)));
    assert.ok(elsewhere(cluster, sid) > COMMANDS / 2);
    assert.deepEqual(socket.disconnects, []);
  });

  test('binary arguments in polling payloads', async () => {
    const socket = await connect(cluster, ann, { transports: ['polling'] });
    const bytes = Buffer.from(Array.from({ length: 60_000 }, (_, n) => n % 256));
    for (let n = 0; n < 10; n += 1) assert.ok(await socket.ask('users:list', { limit: 1, bytes }));
    assert.deepEqual(socket.disconnects, []);
  });

  test('an upgrade that lands on another node', async () => {
    const { balancer, nodes } = cluster;
    const { choose } = balancer;
    balancer.choose = (up, { sid }) => up.find((node) => sid && !sid.startsWith(node.id)) ?? choose(up);
    const socket = await connect(cluster, ann, { transports: ['polling', 'websocket'] });
    const { engine } = socket.io.io;
    await until(() => engine.transport.name === 'websocket', () => engine.transport.name);
    for (let n = 0; n < COMMANDS; n += 1) assert.ok(await listed(socket));
    balancer.choose = choose;
    const upgrade = balancer.went.find((one) => one.sid === engine.id && one.upgrade);
    assert.ok(!engine.id.startsWith(upgrade.node.id));
    assert.ok((await upgrade.node.metric('zvon_relay_open', '"out"')) >= 1);
    assert.equal(nodes.length, 3);
    assert.deepEqual(socket.disconnects, []);
  });

  test('a WebSocket alone needs no other node', async () => {
    const relayed = async () => {
      const counts = cluster.nodes.map((node) => node.metric('zvon_relay_sent_total'));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
    const earlier = await relayed();
    const sockets = await Promise.all(
      Array.from({ length: 9 }, () => connect(cluster, ann, { transports: ['websocket'] })),
    );
    for (const socket of sockets) assert.ok(await listed(socket));
    sockets.forEach((socket) => socket.close());
    // Those of the tests before go on polling.
    assert.ok((await relayed()) - earlier < 9);
  });

  test('thirty clients at a time', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        connect(cluster, ann, { transports: n % 2 ? ['polling'] : ['polling', 'websocket'] }),
      ),
    );
    await Promise.all(
      sockets.map(async (socket) => {
        for (let n = 0; n < 10; n += 1) assert.ok(await listed(socket));
      }),
    );
    for (const socket of sockets) assert.deepEqual(socket.disconnects, []);
    sockets.forEach((socket) => socket.close());
  });
});

const ways = ['SIGKILL', 'SIGSTOP'].flatMap((signal) => [
  { signal, transports: ['polling'] },
  { signal, transports: ['polling', 'websocket'] },
]);

describe('a node that is lost', () => {
  for (const { signal, transports } of ways) {
    test(`${signal}, over ${transports.join(' and ')}: its client comes back at another one`, async () => {
      const cluster = await startCluster(3, ['--ping', '1000']);
      try {
        await comesBack(cluster, signal, transports);
      } finally {
        assert.doesNotMatch(await cluster.stop(), /panicked/);
      }
    });
  }
});

async function comesBack(cluster, signal, transports) {
  const { balancer, nodes } = cluster;
  const ann = await register(cluster, 'Ann');
  // Through the others only, so that it is they who notice.
  const { choose } = balancer;
  balancer.choose = (up, { sid }) => choose(up.filter((node) => !sid?.startsWith(node.id)));
  const socket = await connect(cluster, ann, { transports, reconnectionDelay: 50, reconnectionDelayMax: 200 });
  const { engine } = socket.io.io;
  await until(() => engine.transport.name === transports.at(-1), () => engine.transport.name);
  const owner = nodes.find((node) => engine.id.startsWith(node.id));
  const begun = Date.now();
  owner.out = true;
  owner.child.kill(signal);
  await socket.next('connection:established');
  const took = Date.now() - begun;
  assert.ok(took < 5000, `it took ${took} ms`);
  assert.ok(!socket.io.io.engine.id.startsWith(owner.id));
  assert.ok(await listed(socket));
  socket.close();
}
