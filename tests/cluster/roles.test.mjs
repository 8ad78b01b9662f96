// Nodes as the role of deploy/postgres/roles.sql that cannot change the schema, which its owner made.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, registerAll, startNode, startPostgres, startRedis } from '../harness/index.mjs';

const FILE = new URL('../../deploy/postgres/roles.sql', import.meta.url);

describe('a role for the schema and one for the nodes', () => {
  let postgres, redis, node;
  const shared = { ZVON_CLUSTER__KEY: randomBytes(32).toString('hex'), ZVON_CLUSTER__INTERNAL_LISTEN: '127.0.0.1:0' };
  const url = (role) => `postgres://${role}:secret@127.0.0.1:${postgres.port}/zvon`;
  const startAs = (role) => startNode({ env: { ...shared, DATABASE_URL: url(role), REDIS_URL: redis.url } });
  before(async () => {
    postgres = await startPostgres();
    redis = await startRedis();
    const words = ['-v', 'owner_password=secret', '-v', 'node_password=secret', '-f', '-', 'postgres'];
    const at = ['-h', '127.0.0.1', '-p', String(postgres.port), '-U', 'postgres', '-q'];
    // Twice: it may be run again.
    for (const _ of [1, 2]) execFileSync('psql', [...at, ...words], { input: readFileSync(FILE), stdio: ['pipe', 'ignore', 'inherit'] });
    const first = await startAs('zvon_owner');
    await first.finish();
    node = await startAs('zvon_node');
  });
  after(async () => {
    await node?.finish();
    await redis.stop();
    await postgres.finish();
  });

  test('a node as such finds all it needs', async () => {
    const [ann, bob] = await registerAll(node, 'ann', 'bob');
    const chatId = await chatOf(node, ann, bob);
    const socket = await connect(node, ann);
    assert.equal((await socket.ask('chat:join', { chatId })).status, 'ok');
    assert.equal((await socket.ask('message', { chatId, content: 'kept' })).content, 'kept');
    socket.close();
  });

  for (const sql of [
    'CREATE TABLE mine (id int)',
    'DROP TABLE events',
    'ALTER TABLE users ADD COLUMN more text',
    'TRUNCATE events',
    'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE ROLE other',
    "COPY users TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    'CREATE EXTENSION dblink',
  ]) {
    test(`S26 it may not: ${sql}`, () => {
      const tried = postgres.psql('zvon', `SET ROLE zvon_node; ${sql}`);
      assert.match(tried, /permission denied|must be owner|must be superuser/);
    });
  }
});
