// Counts per day: what counts, who reads them, in which forms.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  call, connect, describe, done, get, post, registerAll, signIn, startServer, until, zvon,
} from '../harness/index.mjs';

const HEAD = 'day,messages,active_users,active_chats,new_users,new_chats';
const DAY = 86_400_000;
const dayOf = (millis) => new Date(millis).toISOString().slice(0, 10);

describe('analytics', () => {
  let server, ann, bob, eve, begun;
  const ask = (query, { token }, form = '') => get(server, `/api/analytics${form}${query}`, { token });
  /** The sums since the beginning: the tests may run over midnight. */
  const sums = async () => {
    const { body } = await ask(`?from=${begun}`, ann);
    return Object.fromEntries(['messages', 'newUsers', 'newChats'].map((of) => [of, body.days.reduce((sum, day) => sum + day[of], 0)]));
  };

  before(async () => {
    begun = dayOf(Date.now());
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    await done(server, ['users', 'make-operator', ann.email]);
    const socket = await connect(server, ann);
    const group = (await socket.ask('chat:create', { title: 'All', participants: [bob.id] })).chat.id;
    const { body: pair } = await post(server, '/chats', { token: ann.token, body: { userId: bob.id } });
    // One of which nobody says anything.
    await post(server, '/chats', { token: ann.token, body: { userId: eve.id } });
    for (let n = 0; n < 5; n++) await socket.ask('message', { chatId: group, content: `text ${n}`, clientId: `n${n}` });
    // One that was sent before is none more.
    const { id } = await socket.ask('message', { chatId: group, content: 'text 0', clientId: 'n0' });
    await socket.ask('message:forward', { messageId: id, toChatId: pair.id });
    await post(server, `/chats/${pair.id}/messages`, { token: bob.token, body: { content: 'from bob' } });
    socket.close();
    await signIn(server, bob);
  });
  after(() => server.finish());

  test('counts what happened, each once', async () => {
    const expected = { messages: 7, newUsers: 3, newChats: 3 };
    let found;
    await until(async () => isDeepStrictEqual((found = await sums()), expected), () => JSON.stringify(found));
    const { body } = await ask(`?from=${begun}`, ann);
    const of = (name) => Math.max(...body.days.map((day) => day[name]));
    // Over midnight each day has its own.
    if (body.days.length === 1) assert.deepEqual([of('activeUsers'), of('activeChats')], [3, 2], 'who signed up came, too');
    assert.ok(Date.parse(body.countedTo) <= Date.now() + 1000);
    assert.deepEqual(Object.keys(body.days[0]), ['day', 'messages', 'activeUsers', 'activeChats', 'newUsers', 'newChats']);
  });

  test('goes on when the server does', async () => {
    const before = await sums();
    assert.equal(await server.stop(), 0);
    await server.start();
    const socket = await connect(server, ann);
    const { chat } = await socket.ask('chat:create', { title: 'More', participants: [bob.id] });
    await socket.ask('message', { chatId: chat.id, content: 'one more' });
    socket.close();
    const expected = { ...before, messages: before.messages + 1, newChats: before.newChats + 1 };
    await until(async () => (await sums()).messages > before.messages, () => 'the new one is counted');
    await until(async () => (await sums()).newChats > before.newChats, () => 'and its chat');
    assert.deepEqual(await sums(), expected, 'and nothing twice');
  });

  test('fills a range with zeros, and knows no other', async () => {
    const { status, body } = await ask('?from=2024-02-27&to=2024-03-02', ann);
    assert.equal(status, 200);
    const none = { messages: 0, activeUsers: 0, activeChats: 0, newUsers: 0, newChats: 0 };
    const days = ['2024-02-27', '2024-02-28', '2024-02-29', '2024-03-01', '2024-03-02'];
    assert.deepEqual(body.days, days.map((day) => ({ day, ...none })));
    const usual = (await ask('', ann)).body.days;
    assert.equal(usual.length, 30);
    const today = Date.parse(usual.at(-1).day);
    assert.ok(Math.abs(Date.now() - today) < 2 * DAY);
    assert.equal(usual[0].day, dayOf(today - 29 * DAY));
    assert.equal((await ask('?from=2024-01-01&to=2024-12-31', ann)).body.days.length, 366);
    const wrong = {
      '?from=yesterday': 'from and to are days, like 2026-01-31',
      '?to=2025-02-29': 'from and to are days, like 2026-01-31',
      '?from=2025-01-01T00:00:00Z': 'from and to are days, like 2026-01-31',
      '?from=%2B025-01-01': 'from and to are days, like 2026-01-31',
      '?from=': 'from and to are days, like 2026-01-31',
      '?from=2024-01-02&to=2024-01-01': 'to, which is today unless said, must not be before from',
      '?from=9999-12-31': 'to, which is today unless said, must not be before from',
      '?from=2024-01-01&to=2025-01-01': 'from and to must not span more than 366 days',
      '?from=0000-01-01': 'from and to must not span more than 366 days',
    };
    for (const [query, message] of Object.entries(wrong)) {
      for (const form of ['', '.csv']) {
        const { status, body } = await ask(query, ann, form);
        assert.deepEqual([status, body.message], [400, message], `${form}${query}`);
      }
    }
  });

  test('comes as CSV with the same numbers', async () => {
    const { status, headers, text } = await ask(`?from=${begun}`, ann, '.csv');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8; header=present');
    const { days } = (await ask(`?from=${begun}`, ann)).body;
    assert.equal(headers['content-disposition'], `attachment; filename="analytics_${begun}_${days.at(-1).day}.csv"`);
    const lines = days.map((day) => Object.values(day).join(','));
    assert.equal(text, [HEAD, ...lines, ''].join('\r\n'));
  });

  test('is for operators alone', async () => {
    for (const form of ['', '.csv']) {
      const refused = await ask('', bob, form);
      assert.deepEqual([refused.status, refused.body.message, refused.body.code], [403, 'Only an operator can do that', 'FORBIDDEN']);
      // Whether the days are good is nobody else's business.
      assert.equal((await ask('?from=2024-01-02&to=2024-01-01', bob, form)).status, 403);
      const audit = await get(server, '/api/audit');
      const nobody = await get(server, `/api/analytics${form}`);
      assert.deepEqual([nobody.status, nobody.body.message], [audit.status, audit.body.message]);
      assert.equal((await call(server, 'POST', `/api/analytics${form}`, { token: ann.token })).status, 404);
    }
  });

  test('is a command, too', async () => {
    const { days } = (await ask(`?from=${begun}`, ann)).body;
    const told = JSON.parse(await done(server, ['analytics', '--from', begun, '--json']));
    assert.deepEqual(told.days, days);
    const { text } = await ask(`?from=${begun}`, ann, '.csv');
    assert.equal(await done(server, ['analytics', '--from', begun, '--csv']), text);
    const table = await done(server, ['analytics', '--from', '2024-01-01', '--to', '2024-01-02']);
    const [head, first, second, note] = table.split('\n');
    assert.match(head, /^DAY +MESSAGES +ACTIVE USERS +ACTIVE CHATS +NEW USERS +NEW CHATS$/);
    assert.deepEqual([first, second].map((line) => line.split(/ +/)), [1, 2].map((day) => [`2024-01-0${day}`, '0', '0', '0', '0', '0']));
    assert.match(note, /^Counted up to \d{4}-/);
    const wrong = {
      'a day is written like 2026-01-31': ['--from', 'yesterday'],
      'must not be before from': ['--from', '2024-01-02', '--to', '2024-01-01'],
      'more than 366 days': ['--from', '2020-01-01'],
      'cannot be used with': ['--csv', '--json'],
    };
    for (const [text, args] of Object.entries(wrong)) {
      const { code, err } = await zvon(server, ['analytics', ...args]);
      assert.equal(code, 2, err);
      assert.ok(err.includes(text), err);
    }
  });

  test('an export tells on which days somebody was active', async () => {
    const { activeOn } = JSON.parse(await done(server, ['export', '--user', bob.email]));
    assert.ok(activeOn.length > 0 && activeOn.every((day) => day >= begun && day <= dayOf(Date.now())), `${activeOn}`);
  });
});
