// The audit log: what stands in it, who reads it, and that nobody changes it unseen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connect, describe, done, get, post, registerAll, signIn, startServer, until, zvon,
} from '../harness/index.mjs';

describe('the audit log', () => {
  let server, ann, bob, eve, group;
  const listed = async (...args) => JSON.parse(await done(server, ['audit', 'list', '--json', '--limit', '1000', ...args]));
  const actions = async (...args) => (await listed(...args)).map(({ action }) => action);

  before(async () => {
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    const socket = await connect(server, ann);
    group = (await socket.ask('chat:create', { title: 'All', participants: [bob.id] })).chat.id;
    await socket.ask('member:add', { chatId: group, userId: eve.id });
    await socket.ask('member:role', { chatId: group, userId: bob.id, role: 'admin' });
    await socket.ask('member:remove', { chatId: group, userId: eve.id });
    socket.close();
    await post(server, '/auth/login', { body: { email: bob.email, password: 'a wrong one' } });
    const other = await signIn(server, bob);
    await post(server, '/auth/logout', { token: other.token });
    await done(server, ['users', 'disable', eve.email]);
    await done(server, ['users', 'enable', eve.email]);
    await done(server, ['users', 'make-operator', ann.email]);
  });
  after(() => server.finish());

  test('tells of sign-ins, refusals, ends, members, roles and what operators did', async () => {
    const wanted = {
      [ann.email]: ['account.created', 'session.started', 'chat.created'],
      [bob.email]: ['session.refused', 'session.started', 'session.ended'],
      [eve.email]: ['member.added', 'member.removed', 'account.disabled', 'account.enabled', 'session.ended'],
    };
    for (const [email, some] of Object.entries(wanted)) {
      await until(async () => {
        const all = await actions('--user', email);
        return some.every((action) => all.includes(action));
      }, () => `${email}: ${some}`);
    }
    const [refused] = await listed('--user', bob.email, '--action', 'session.refused');
    assert.deepEqual([refused.userId, refused.result], [bob.id, 'failure']);
    assert.ok(refused.ip);
    const [added] = await listed('--user', eve.id, '--action', 'member.added');
    assert.deepEqual([added.userId, added.actorId, added.resource, added.resourceId], [eve.id, ann.id, 'chat', group]);
    assert.ok((await actions('--user', ann.id)).includes('member.added'), 'those that one did, too');
    const all = await listed();
    assert.deepEqual(all.map(({ seq }) => seq), all.map((_, n) => all.length - n), 'dense, the newest first');
    const text = JSON.stringify(all);
    for (const secret of [ann.password, ann.token, ann.email, 'argon2']) assert.ok(!text.includes(secret));
    assert.deepEqual(await listed('--since', '2099-01-01'), []);
    assert.match(await done(server, ['audit', 'list', '--limit', '3']), /^SEQ +AT +ACTION/);
    assert.equal((await zvon(server, ['audit', 'list', '--since', 'yesterday'])).code, 2);
  });

  test('is read over REST by operators alone', async () => {
    const ask = (query, { token }) => get(server, `/api/audit${query}`, { token });
    assert.equal((await ask('', bob)).status, 403);
    const { status, body } = await ask('?limit=2', ann);
    assert.deepEqual([status, body.length], [200, 2]);
    const { body: more } = await ask(`?limit=2&before=${body[1].seq}`, ann);
    assert.equal(more[0].seq, body[1].seq - 1);
    const { body: own } = await ask(`?user=${eve.id}&action=member.removed`, ann);
    assert.deepEqual(own.map(({ actorId }) => actorId), [ann.id]);
    for (const wrong of ['?user=x', '?since=yesterday', '?limit=many']) assert.equal((await ask(wrong, ann)).status, 400, wrong);
    await done(server, ['users', 'unmake-operator', ann.email]);
    assert.equal((await ask('', ann)).status, 403, 'at once');
    assert.equal(await done(server, ['users', 'operators', '--json']), '[]\n');
  });

  test('proves itself, and a head that was noted', async () => {
    const head = (await done(server, ['audit', 'head'])).trim();
    assert.match(head, /^\d+:[0-9a-f]{64}$/);
    assert.match(await done(server, ['audit', 'verify', '--head', head]), /unbroken/);
    await signIn(server, bob);
    const [seq] = head.split(':');
    await until(async () => Number((await done(server, ['audit', 'head'])).split(':')[0]) > Number(seq), () => 'it goes on');
    assert.match(await done(server, ['audit', 'verify', '--head', head]), /unbroken/);
    const { code, err } = await zvon(server, ['audit', 'verify', '--head', `${seq}:${'0'.repeat(64)}`]);
    assert.deepEqual([code, err.trim()], [1, `zvon: the audit log is broken at row ${seq}: it is not the one whose hash was noted`]);
  });
});
