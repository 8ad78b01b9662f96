// `zvon events` on a server without an event log: who reads the outbox, and what can not be done.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describe, registerAll, startServer, zvon } from '../harness/index.mjs';

describe('zvon events', () => {
  let server;
  before(async () => {
    server = await startServer();
    await registerAll(server, 'Ann', 'Bob');
  });
  after(() => server.finish());

  test('tells of readers that there are, and forgets none that there is not', async () => {
    const { code, out, err } = await zvon(server, ['events', 'status']);
    assert.equal(code, 0, err);
    assert.match(out, /^READER +REACHED +MOVED +WAITING +OLDEST\n/);
    const readers = JSON.parse((await zvon(server, ['events', 'status', '--json'])).out);
    for (const { reader, fence, rows } of readers) {
      assert.ok(reader.length > 0 && fence > 0 && rows >= 0, reader);
      assert.ok(out.includes(reader));
    }
    const forgotten = await zvon(server, ['events', 'forget', 'nobody']);
    assert.equal(forgotten.code, 1);
    assert.match(forgotten.err, /there is no reader "nobody"/);
  });

  test('tells nothing again where there is no event log', async () => {
    const none = await zvon(server, ['events', 'replay', '--from', '2026-01-01T00:00:00Z']);
    assert.equal(none.code, 2);
    assert.match(none.err, /no event log is configured/);
    const wrong = await zvon(server, ['events', 'replay', '--from', 'yesterday']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /must be an instant like/);
    const backwards = ['events', 'replay', '--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'];
    assert.equal((await zvon(server, backwards)).code, 2);
  });
});
