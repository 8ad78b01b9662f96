// Changing the secret that signs tokens: two are listed for a while, and nobody has to sign in anew.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, describe, get, refusal, register, SECRET, signIn, startServer } from '../harness/index.mjs';

const NEXT = 'another-secret-that-only-the-tests-know-0123456789';
const statusOf = async (server, { token }) => (await get(server, '/auth/me', { token })).status;

/** Restarts with other settings. */
async function restart(server, env) {
  assert.equal(await server.stop(), 0);
  server.env = { ...server.env, JWT_SECRET: '', ZVON_AUTH__JWT_SECRET_PREVIOUS: '', ZVON_AUTH__JWT_SECRET_FILE: '', ...env };
  await server.start();
}

const WAYS = {
  'by two keys': [
    async () => ({ JWT_SECRET: NEXT, ZVON_AUTH__JWT_SECRET_PREVIOUS: SECRET }),
    async () => ({ JWT_SECRET: NEXT }),
  ],
  'by two lines of a file': [
    (server) => written(server, `${NEXT}\n${SECRET}\n`),
    (server) => written(server, `${NEXT}\n`),
  ],
};

async function written(server, text) {
  const file = join(server.data, 'secret');
  await writeFile(file, text, { mode: 0o600 });
  return { ZVON_AUTH__JWT_SECRET_FILE: file };
}

for (const [way, [both, one]] of Object.entries(WAYS)) {
  describe(`S28 a secret is changed ${way}`, () => test('old tokens stay good until the old secret is dropped', async () => {
    const server = await startServer();
    server.secrets.add(NEXT);
    const old = await register(server, 'Ann');
    await restart(server, await both(server));
    assert.equal(await statusOf(server, old), 200);
    (await connect(server, old)).close();
    const fresh = await signIn(server, old);
    await restart(server, await one(server));
    assert.equal(await statusOf(server, old), 401);
    assert.equal((await refusal(server, { token: old.token })).message, 'invalid signature');
    assert.equal(await statusOf(server, fresh), 200, 'new tokens were signed by the new one');
    (await connect(server, fresh)).close();
    await server.finish();
  }));
}
