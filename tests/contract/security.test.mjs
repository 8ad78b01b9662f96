// Rows of the security checklist (docs/security.md) that no other suite proves, each by its name.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign as signWith } from 'node:crypto';
import { connect as dial } from 'node:net';
import { after, before, test } from 'node:test';
import {
  call, chatOf, claimsOf, connect, describe, get, now, post, refusal, register, registerAll, SECRET, sign, signIn, startServer,
} from '../harness/index.mjs';

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const hmac = (head, secret = SECRET, hash = 'sha256') => createHmac(hash, secret).update(head).digest('base64url');

/** Answers what a server says to these very bytes, until it ends the connection or has said enough. */
function speak(server, text, { enough = () => false, patience = 3000 } = {}) {
  return new Promise((resolve) => {
    let said = '';
    const socket = dial(server.port, '127.0.0.1', () => socket.write(text));
    const done = () => resolve(said) ?? socket.destroy();
    socket.setTimeout(patience, done);
    socket.on('error', done).on('close', done);
    socket.setEncoding('latin1').on('data', (more) => enough((said += more)) && done());
  });
}
const answers = (said) => said.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => Number(line.slice(9))) ?? [];

describe('S4 forged tokens', () => {
  let server, ann, bob, claims;
  before(async () => {
    server = await startServer();
    [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    claims = claimsOf(ann.token);
  });
  after(() => server.finish());

  function forged() {
    const good = { alg: 'HS256', typ: 'JWT' };
    const [head, body, signature] = ann.token.split('.');
    const of = (header, payload, secret, hash) => `${part(header)}.${part(payload)}.${hmac(`${part(header)}.${part(payload)}`, secret, hash)}`;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const rs = `${part({ alg: 'RS256', typ: 'JWT' })}.${body}`;
    const tokens = {
      'alg none': `${part({ alg: 'none' })}.${body}.`,
      'alg None': `${part({ alg: 'None' })}.${body}.`,
      'alg NONE with a signature': `${part({ alg: 'NONE' })}.${body}.${signature}`,
      'no alg': of({ typ: 'JWT' }, claims),
      'alg null': of({ alg: null }, claims),
      'alg a list': of({ alg: ['HS256'] }, claims),
      'alg HS1': of({ alg: 'HS1' }, claims, SECRET, 'sha1'),
      'alg hs256': of({ alg: 'hs256' }, claims),
      'alg HS512, signed as HS256': of({ alg: 'HS512', typ: 'JWT' }, claims),
      'RS256 by a key of one’s own': `${rs}.${signWith('sha256', Buffer.from(rs), rsa.privateKey).toString('base64url')}`,
      'RS256, signed with its public key as a secret': of({ alg: 'RS256', typ: 'JWT' }, claims, pem),
      'HS256, signed with a public key': of(good, claims, pem),
      'a key of its own in jwk': of({ ...good, jwk: { kty: 'oct', k: part('mine') } }, claims, 'mine'),
      'a key from jku': of({ ...good, jku: `${server.url}/jwks.json` }, claims, 'mine'),
      'a key from x5u': of({ ...good, x5u: `${server.url}/x.pem` }, claims, 'mine'),
      'a certificate in x5c': of({ ...good, x5c: ['MIIB'] }, claims, 'mine'),
      'kid as a path': of({ ...good, kid: '../../../../dev/null' }, claims, ''),
      'kid as a query': of({ ...good, kid: "x' UNION SELECT 'k'; --" }, claims, 'k'),
      'an extension that must be understood': of({ ...good, crit: ['exp'], exp: 1 }, claims),
      'b64 false': of({ ...good, crit: ['b64'], b64: false }, claims),
      'another secret': of(good, claims, 'another'),
      'the prototype’s secret': of(good, claims, 'your-secret-key'),
      'an empty secret': of(good, claims, ''),
      'half the signature': `${head}.${body}.${signature.slice(0, 20)}`,
      'no signature': `${head}.${body}.`,
      'somebody else’s signature': `${head}.${body}.${bob.token.split('.')[2]}`,
      'somebody else’s claims': `${head}.${bob.token.split('.')[1]}.${signature}`,
      'another user': of(good, { ...claims, sub: bob.id }),
      'another session': of(good, { ...claims, sid: claimsOf(bob.token).sid }),
      'no session': of(good, { ...claims, sid: undefined }),
      'a session that never was': of(good, { ...claims, sid: randomUUID() }),
      'a session that is no id': of(good, { ...claims, sid: { $ne: null } }),
      expired: of(good, { ...claims, exp: now() - 1 }),
      'expired long ago': of(good, { ...claims, exp: 0 }),
      'no end': of(good, { ...claims, exp: undefined }),
      'an end that is a text': of(good, { ...claims, exp: '9999999999' }),
      'not yet': of(good, { ...claims, nbf: now() + 60 }),
      'sub a list': of(good, { ...claims, sub: [claims.sub] }),
      'sub an object': of(good, { ...claims, sub: { id: claims.sub } }),
      'claims that are no object': of(good, [claims]),
      'two tokens in one': `${ann.token}.${ann.token}`,
      'bytes after it': `${ann.token}\0`,
      'padding in it': `${head}=.${body}=.${signature}=`,
    };
    return Object.entries(tokens);
  }

  test('S4 none of more than forty kinds is taken, on routes and on sockets', async () => {
    const kinds = forged();
    assert.ok(kinds.length >= 40, `${kinds.length} kinds`);
    for (const [name, token] of kinds) {
      const { status } = await get(server, '/auth/me', { headers: { authorization: `Bearer ${token}`.replaceAll('\0', '%00') } });
      assert.ok(status === 401 || status === 403, `${name}: ${status}`);
      assert.ok((await refusal(server, { token })).message, name);
    }
    assert.equal((await get(server, '/auth/me', { token: ann.token })).status, 200, 'the good one is good');
    assert.equal((await get(server, '/auth/me', { token: sign(claims) })).status, 200, 'and so is its like');
  });
});

describe('the checklist', () => {
  let server, ann, bob, eve, chatId;
  before(async () => {
    server = await startServer();
    [ann, bob, eve] = await registerAll(server, 'Ann', 'Bob', 'Eve');
    chatId = await chatOf(server, ann, bob);
  });
  after(() => server.finish());

  test('S9 nobody gets into a room by naming it', async () => {
    const socket = await connect(server, eve);
    const rooms = [`chat:${chatId}`, `user:${ann.id}`, `session:${claimsOf(ann.token).sid}`, 'synced', '', '*', ann.id];
    for (const room of [...rooms, chatId]) {
      for (const payload of [{ chatId: room }, { chatId: [room] }, { room }, room]) {
        assert.equal((await socket.ask('chat:join', payload)).status, 'error', JSON.stringify(payload));
      }
    }
    for (const event of ['join', 'subscribe', 'room:join', 'socket:join']) socket.tell(event, `chat:${chatId}`);
    await socket.forget();
    await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content: 'between us' } });
    await socket.settle();
    assert.deepEqual(socket.all('message'), []);
    socket.close();
  });

  test('S12 sizes: the last that is allowed, and one more', async () => {
    const send = (content) => post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content } });
    assert.deepEqual([(await send('x'.repeat(16_384))).status, (await send('x'.repeat(16_385))).status], [201, 400]);
    const raw = (bytes) => {
      const body = JSON.stringify({ content: 'fits', filler: '' });
      const filler = JSON.stringify({ content: 'fits', filler: 'x'.repeat(bytes - body.length) });
      return call(server, 'POST', `/chats/${chatId}/messages`, { token: ann.token, raw: filler, headers: { 'content-type': 'application/json' } });
    };
    assert.deepEqual([(await raw(100 * 1024)).status, (await raw(100 * 1024 + 1)).status], [201, 413]);
    const header = (bytes) => get(server, '/health/liveness', { headers: { 'x-filler': 'x'.repeat(bytes) } });
    assert.equal((await header(15_000)).status, 200);
    assert.ok((await header(17_000)).status >= 400);
    const socket = await connect(server, ann);
    const binary = (count) => socket.io.timeout(1500).emitWithAck('chat:get-pinned', { chatId, more: Array.from({ length: count }, () => Buffer.from('x')) });
    assert.equal((await binary(10)).status, 'ok');
    await binary(11).catch(() => {});
    assert.deepEqual(await socket.hear('disconnect'), 'transport close', 'eleven attachments');
    socket.close();
  });

  test('S15 compression, which could be a bomb, is not agreed to', async () => {
    const lines = ['GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket',
      'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits', '', ''];
    const said = await speak(server, lines.join('\r\n'), { enough: (text) => text.includes('\r\n\r\n') });
    assert.match(said, /^HTTP\/1\.1 101/);
    assert.doesNotMatch(said, /sec-websocket-extensions/i);
    const packed = await call(server, 'POST', '/auth/login', { raw: randomBytes(64), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } });
    assert.equal(packed.status, 400);
  });

  test('S16 a request that could be read as two is refused, and the next one is not a part of it', async () => {
    const secret = 'GET /auth/me HTTP/1.1\r\nHost: h\r\n\r\n';
    const post = (...headers) => ['POST /auth/login HTTP/1.1', 'Host: h', 'Content-Type: application/json', ...headers, '', ''].join('\r\n');
    for (const [name, text] of Object.entries({
      'both lengths': post('Content-Length: 5', 'Transfer-Encoding: chunked') + `0\r\n\r\n${secret}`,
      'two lengths': post('Content-Length: 2', `Content-Length: ${2 + secret.length}`) + `{}${secret}`,
      'a length with a sign': post('Content-Length: +2') + `{}${secret}`,
      'an unknown coding': post('Transfer-Encoding: xchunked') + `0\r\n\r\n${secret}`,
      'a coding after chunked': post('Transfer-Encoding: chunked, identity') + `0\r\n\r\n${secret}`,
      'a chunk size that is none': post('Transfer-Encoding: chunked') + `zz\r\n\r\n${secret}`,
      'a space before the colon': post('Content-Length : 2') + `{}${secret}`,
      'a folded header': post('X-A: b', ' Content-Length: 2') + `{}${secret}`,
      'a bare line feed in a header': `GET / HTTP/1.1\nHost: h\nX: y\rZ: q\n\n${secret}`,
    })) {
      const said = answers(await speak(server, text, { patience: 400 }));
      assert.ok(said.every((status) => status >= 400), `${name}: ${said}`);
    }
    assert.equal((await get(server, '/health/liveness')).status, 200);
  });

  test('S17 methods that nobody needs are not answered', async () => {
    for (const method of ['TRACE', 'TRACK', 'DEBUG', 'PROPFIND']) {
      const { status, text } = await call(server, method, '/auth/login', { headers: { 'x-canary': 'comes-back' } });
      assert.equal(status, 404, method);
      assert.ok(!text.includes('comes-back'));
    }
  });

  test('S18 what looks like a part of a statement or a key is text', async () => {
    const odd = ["'; DROP TABLE users; --", '" OR ""="', 'a\r\nSET x y', '{a}:b:*', '%_%', '\\', '$1', '?1', '🙂', '\u202eabc', '𝕏'];
    const people = (query) => connect(server, ann).then(async (socket) => {
      const answer = await socket.ask('users:list', { query });
      socket.close();
      return answer.users;
    });
    for (const text of odd) {
      const sent = await post(server, `/chats/${chatId}/messages`, { token: ann.token, body: { content: text, clientId: undefined } });
      assert.deepEqual([sent.status, sent.body.content], [201, text]);
      assert.deepEqual(await people(text), [], text);
    }
    const named = await register(server, "Robert'); DROP TABLE users;--");
    assert.deepEqual((await people("Robert'); DROP")).map(({ id }) => id), [named.id]);
  });

  test('S22 acks that nobody asked for are ignored, however many', async () => {
    const socket = await connect(server, ann);
    const engine = socket.io.io.engine;
    for (let n = 0; n < 2000; n++) engine.write(`43${n}[{"status":"ok"}]`);
    for (const packet of ['439007199254740991[]', '4318446744073709551616[]', '430[]']) engine.write(packet);
    await socket.settle().catch(() => {});
    const after = await connect(server, ann);
    await after.settle();
    for (const one of [socket, after]) one.close();
  });

  test('S14 ten thousand half-open requests of one address leave the others alone', { timeout: 60_000 }, async () => {
    const guarded = await startServer({ env: { ZVON_LIMITS__CONNECTIONS_PER_ADDRESS: '200' } });
    const [one, other] = await registerAll(guarded, 'One', 'Other');
    const room = await chatOf(guarded, one, other);
    const socket = await connect(guarded, one);
    const half = [];
    for (let n = 0; n < 10_000; n++) {
      const flood = dial({ port: guarded.port, host: '127.0.0.1', localAddress: '127.0.0.9' });
      flood.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ');
      half.push(flood);
      if (n % 500 === 499) assert.ok((await socket.ask('message', { chatId: room, content: `${n}` })).id);
    }
    assert.equal((await get(guarded, '/health/readiness')).status, 200);
    for (const flood of half) flood.destroy();
    socket.close();
    await guarded.finish();
  });

  test('S24 who was removed reads nothing more, by no route and no event', async () => {
    const admin = await connect(server, ann);
    const { chat } = await admin.ask('chat:create', { title: 'G', participants: [bob.id, eve.id] });
    const sent = await admin.ask('message', { chatId: chat.id, content: 'before' });
    const removed = await connect(server, eve);
    await removed.ask('chat:join', { chatId: chat.id });
    assert.equal((await admin.ask('member:remove', { chatId: chat.id, userId: eve.id })).status, 'ok');
    await removed.hear('chat:removed');
    await removed.forget();
    await admin.ask('message', { chatId: chat.id, content: 'after' });
    for (const path of [`/chats/${chat.id}`, `/chats/${chat.id}/messages`, `/messages/${sent.id}`]) {
      assert.ok((await get(server, path, { token: eve.token })).status >= 400, path);
    }
    for (const event of ['chat:join', 'chat:get-pinned']) assert.equal((await removed.ask(event, { chatId: chat.id })).status, 'error');
    for (const event of ['message:read', 'message:pin', 'message:unpin']) {
      assert.equal((await removed.ask(event, { messageId: sent.id })).status, 'error', event);
    }
    assert.equal((await removed.ask('message:forward', { messageId: sent.id, toChatId: chatId })).status, 'error');
    const synced = await removed.ask('sync', { cursors: { [chat.id]: 0 } });
    assert.ok(synced.chats.every(({ id }) => id !== chat.id) && synced.events.length === 0);
    assert.deepEqual(removed.all('message'), []);
    for (const one of [admin, removed]) one.close();
  });

  test('S32 of a hundred who do a thing at once that can be done once, one succeeds', async () => {
    const admin = await connect(server, ann);
    const { id } = await admin.ask('message', { chatId, content: 'pin me' });
    const pins = await Promise.all(Array.from({ length: 100 }, () => admin.ask('message:pin', { messageId: id })));
    assert.equal(pins.filter(({ status }) => status === 'ok').length, 1);
    const { chat } = await admin.ask('chat:create', { title: 'G', participants: [] });
    const added = await Promise.all(Array.from({ length: 100 }, () => admin.ask('member:add', { chatId: chat.id, userId: bob.id })));
    assert.equal(added.filter(({ status }) => status === 'ok').length, 1);
    const other = await signIn(server, eve);
    const ends = await Promise.all(Array.from({ length: 50 }, () => call(server, 'DELETE', `/auth/sessions/${claimsOf(other.token).sid}`, { token: eve.token })));
    assert.equal(ends.filter(({ status }) => status === 204).length, 1);
    admin.close();
  });

  test('S37 what one may ask for is bounded: groups, forwards, pages, lists', async () => {
    const socket = await connect(server, ann);
    const many = Array.from({ length: 1001 }, () => randomUUID());
    assert.equal((await socket.ask('chat:create', { title: 'G', participants: many })).status, 'error');
    assert.equal((await socket.ask('message:forward-multiple', { messageIds: many, toChatId: chatId })).status, 'error');
    for (const limit of [1_000_000, 1e15]) {
      const { status, body } = await get(server, `/chats/${chatId}/messages?limit=${limit}`, { token: ann.token });
      assert.ok(status === 400 || body.length <= 1000);
      assert.ok(((await socket.ask('users:list', { limit })).users ?? []).length <= 1000);
    }
    socket.close();
  });
});
