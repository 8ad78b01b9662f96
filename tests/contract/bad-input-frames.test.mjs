// Bad input below the events: raw frames and requests. This connection may end; others and the
// server go on. S12, S13 and the fault list of the protocol's own servers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { call, connect, describe, get, register, registerAll, startServer } from '../harness/index.mjs';

/** A raw WebSocket that has connected as a person. `closed` resolves with the code. */
async function raw(server, person, { authenticated = true } = {}) {
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const texts = [];
  let wake = () => {};
  ws.on('message', (data) => {
    texts.push(String(data));
    wake();
  });
  ws.on('error', () => {});
  ws.closed = new Promise((resolve) => ws.on('close', resolve));
  ws.hear = async (start, patience = 5000) => {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = texts.findIndex((text) => text.startsWith(start));
      if (found >= 0) return texts.splice(found, 1)[0];
      const over = ws.readyState === WebSocket.CLOSED || Date.now() > deadline;
      assert.ok(!over, `no ${start}; heard: ${texts.join(' | ').slice(0, 500)}`);
      await Promise.race([new Promise((resolve) => (wake = resolve)), ws.closed, new Promise((r) => setTimeout(r, 100))]);
    }
  };
  await ws.hear('0');
  if (authenticated) {
    ws.send(`40${JSON.stringify({ token: person.token })}`);
    await ws.hear('40');
  }
  return ws;
}

describe('bad frames', () => {
  let server, ann, bob, witness, chatId;
  before(async () => {
    server = await startServer();
    [ann, bob] = await registerAll(server, 'Ann', 'Bob');
    witness = await connect(server, bob);
    ({ chatId } = await witness.ask('chat:get', { recipientId: ann.id }));
    await witness.ask('chat:join', { chatId });
  });
  after(async () => {
    witness.close();
    await server.finish();
  });

  /** Everybody else is as well as before. */
  async function othersAreWell() {
    await witness.settle();
    assert.deepEqual(witness.disconnects, []);
    assert.deepEqual(witness.all('message'), []);
    assert.equal((await get(server, '/health')).status, 200);
    assert.ok(server.alive);
  }

  test('texts that JSON allows and nobody can store: an error ack, the connection stays', async () => {
    const ws = await raw(server, ann);
    const odd = [
      `{"chatId":"${chatId}","content":"\\ud800"}`,
      `{"chatId":"${chatId}","content":"a\\udc00b"}`,
      `{"chatId":"${chatId}","content":1e999}`,
      `{"chatId":"${chatId}","content":-0}`,
      `{"chatId":"${chatId}","content":${'9'.repeat(400)}}`,
      `{"chatId":"${chatId}","content":{"_placeholder":true,"num":0}}`,
      `{"chatId":"${chatId}","content":"\\u0000"}`,
    ];
    for (const [id, payload] of odd.entries()) {
      ws.send(`42${id}["message",${payload}]`);
      const [ack] = JSON.parse((await ws.hear(`43${id}[`)).slice(2 + String(id).length));
      assert.deepEqual([ack.status, ack.code], ['error', 'INVALID'], payload);
    }
    ws.send('42999["users:list",{}]');
    await ws.hear('43999[');
    ws.close();
    await othersAreWell();
  });

  test('S13 frames that are no packets: this connection is closed, nobody else’s', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const frames = ['4', '42', '421', '42{}', '42[]', '42["message"', '42[{}]', '42[null]', '42["connect"]', '42["disconnect",1]', '429999999999999999999["x"]',
      '42["a",\ud800]', '42["x"]garbage', '2', '9', 'x', '', ' ', '4a', '44{"message":"x"}', '40', '40{"token":"x"}', '42/other,["x"]', '451-["x"', '450-["x"]',
      '45-["x"]', '4511-["x"]', `45${'9'.repeat(50)}-["x"]`, '45999999999-["x",{"_placeholder":true,"num":0}]', '451-["x",{"_placeholder":true,"num":-1}]',
      `420["message",${deep}]`, Buffer.from([0xff, 0x00]), `42["${'x'.repeat(10)}",}]`, '\0', '42["\u0000x",]'];
    for (const frame of frames) {
      const ws = await raw(server, ann);
      ws.send(frame);
      if (typeof frame === 'string' && frame.startsWith('451-["x",')) ws.send(Buffer.from('x'));
      const code = await Promise.race([ws.closed, new Promise((resolve) => setTimeout(resolve, 3000, 'open'))]);
      assert.notEqual(code, 'open', `still open after ${String(frame).slice(0, 60)}`);
    }
    await othersAreWell();
  });

  test('no event works before CONNECT, whatever it says', async () => {
    for (const frame of ['42["users:list",{}]', '420["message",{}]', '43[1]', '41', '42["sync",{}]']) {
      const ws = await raw(server, ann, { authenticated: false });
      ws.send(frame);
      await ws.closed;
    }
    await othersAreWell();
  });

  test('a frame above 1 MB closes with 1009; 900 kB of text is an error ack', async () => {
    const ws = await raw(server, ann);
    ws.send(`420["message",{"chatId":"${chatId}","content":"${'x'.repeat(900_000)}"}]`);
    await ws.hear('430[{');
    ws.send(`420["message",{"chatId":"${chatId}","content":"${'x'.repeat(1_000_000)}"}]`);
    assert.equal(await ws.closed, 1009);
    await othersAreWell();
  });

  test('invalid UTF-8 and unmasked or broken WebSocket frames close this connection alone', async () => {
    for (const bytes of [[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], [0x81, 0x05, 0x34, 0x32, 0x5b, 0x31, 0x5d], [0x83, 0x80, 0, 0, 0, 0], [0xf1, 0x80, 0, 0, 0, 0], [0x89, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]]) {
      const ws = await raw(server, ann);
      ws._socket.write(Buffer.from(bytes));
      await ws.closed;
    }
    await othersAreWell();
  });

  test('polling requests of every wrong kind are answered 4xx', async () => {
    const base = '/socket.io/?EIO=4&transport=polling';
    for (const path of ['/socket.io/', '/socket.io/?EIO=3&transport=polling', '/socket.io/?EIO=4&transport=tcp', '/socket.io/?EIO=4',
      `${base}&sid=nothing`, `${base}&sid=${'x'.repeat(5000)}`, `${base}&sid=%00`, '/socket.io/?EIO=4&transport=websocket', '/socket.io/?transport=polling&EIO=%ff']) {
      const { status } = await get(server, path);
      assert.ok(status >= 400 && status < 500, `${path.slice(0, 80)}: ${status}`);
    }
    for (const body of ['', 'x', '42["x"]', '\x1e', '1'.repeat(10), 'b'.repeat(100), '4'.repeat(200_000)]) {
      const { text } = await get(server, base);
      const { sid } = JSON.parse(text.slice(1));
      const { status } = await call(server, 'POST', `${base}&sid=${sid}`, { raw: body, headers: { 'content-type': 'text/plain' } });
      assert.ok(status < 500, `${body.slice(0, 20)}: ${status}`);
    }
    const { text } = await get(server, base);
    const { sid } = JSON.parse(text.slice(1));
    const big = await call(server, 'POST', `${base}&sid=${sid}`, { raw: `4${'x'.repeat(1_000_001)}` }).catch(({ code }) => code);
    assert.ok(big.status === 413 || big === 'EPIPE' || big === 'ECONNRESET', String(big.status ?? big));
    await othersAreWell();
  });

  test('a pid and an offset that were made up mean a fresh socket, never an error', async () => {
    const person = await register(server);
    const good = await connect(server, person);
    const { _pid: pid } = good.io;
    assert.ok(pid, 'the server offers recovery');
    const offset = `${chatId}.0.0`;
    for (const auth of [{ pid, offset }, { pid, offset: 'x' }, { pid, offset: `${chatId}.1,`.repeat(500) }, { pid: 'x.y', offset }, { pid: `${pid}x`, offset },
      { pid: 7, offset: {} }, { pid: null, offset: null }, { pid: 'x'.repeat(50_000), offset: 'y'.repeat(50_000) }, { pid, offset: `${chatId}.18446744073709551615.0` },
      { pid, offset: `${chatId}.18446744073709551616.0` }, { pid, offset: '.1.1' }]) {
      const ws = await raw(server, person, { authenticated: false });
      ws.send(`40${JSON.stringify({ token: person.token, ...auth })}`);
      const { sid } = JSON.parse((await ws.hear('40')).slice(2));
      assert.notEqual(sid, good.id, JSON.stringify(auth).slice(0, 80));
      ws.send('420["message",{"chatId":"x"}]');
      await ws.hear('430[');
      ws.close();
    }
    // Another person's pid is nobody's.
    const ws = await raw(server, person, { authenticated: false });
    ws.send(`40${JSON.stringify({ token: person.token, pid: witness.io._pid, offset: witness.io._lastOffset })}`);
    const { sid } = JSON.parse((await ws.hear('40')).slice(2));
    assert.notEqual(sid, witness.id);
    ws.send('420["users:list",{}]');
    await ws.hear('430[');
    ws.close();
    good.close();
    await othersAreWell();
  });
});
