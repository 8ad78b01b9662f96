// Nodes as the role of deploy/postgres/roles.sql that cannot change the schema, which its owner made.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, registerAll, SECRET, startNode, startPostgres, startRedis, zvon } from '../harness/index.mjs';

const FILE = new URL('../../deploy/postgres/roles.sql', import.meta.url);

describe('a role for the schema and one for the nodes', () => {
  let postgres, redis, node;
  const shared = { ZVON_CLUSTER__KEY: randomBytes(32).toString('hex'), ZVON_CLUSTER__INTERNAL_LISTEN: '127.0.0.1:0' };
  const dir = mkdtempSync(join(tmpdir(), 'zvon-roles-'));
  const url = (role, name) => `postgres://${role}:secret@127.0.0.1:${postgres.port}/${name}`;
  const envOf = (role, name) => ({ ...shared, JWT_SECRET: SECRET, DATABASE_URL: url(role, name), REDIS_URL: redis.url });
  const startAs = (role, name = 'zvon') => startNode({ env: envOf(role, name) });
  /** A command by that role. */
  const as = (role, args, name = 'zvon') => zvon({ data: dir, env: envOf(role, name) }, args);
  before(async () => {
    postgres = await startPostgres();
    redis = await startRedis();
    const words = ['-v', 'owner_password=secret', '-v', 'node_password=secret', '-f', '-', 'postgres'];
    const at = ['-h', '127.0.0.1', '-p', String(postgres.port), '-U', 'postgres', '-q'];
    // Twice: it may be run again.
    for (const _ of [1, 2]) execFileSync('psql', [...at, ...words], { input: readFileSync(FILE), stdio: ['pipe', 'ignore', 'inherit'] });
    const asNode = await as('zvon_node', ['migrate']);
    assert.equal(asNode.code, 1, 'a node may not');
    assert.match(asNode.err, /permission denied/);
    const made = await as('zvon_owner', ['migrate']);
    assert.equal(made.code, 0, made.err);
    node = await startAs('zvon_node');
  });
  after(async () => {
    await node?.finish();
    await redis.stop();
    await postgres.finish();
    rmSync(dir, { recursive: true });
  });

  test('a node as such finds all it needs', async () => {
    const [ann, bob] = await registerAll(node, 'ann', 'bob');
    const chatId = await chatOf(node, ann, bob);
    const socket = await connect(node, ann);
    assert.equal((await socket.ask('chat:join', { chatId })).status, 'ok');
    assert.equal((await socket.ask('message', { chatId, content: 'kept' })).content, 'kept');
    socket.close();
  });

  test('the doctor finds the node’s role right, and tells it when a migration is another’s to make', async () => {
    const { code, out } = await as('zvon_node', ['doctor', '--json']);
    assert.equal(code, 0, out);
    const role = JSON.parse(out).checks.find(({ name }) => name === 'role');
    assert.deepEqual([role.status, role.found], ['ok', 'zvon_node, who can not change the schema']);
    postgres.psql('zvon', 'CREATE TABLE kept AS SELECT * FROM schema_steps; DELETE FROM schema_steps WHERE version > 1');
    const behind = JSON.parse((await as('zvon_node', ['doctor', '--json'])).out).checks.find(({ name }) => name === 'schema');
    assert.deepEqual([behind.status, behind.advice.includes('zvon migrate')], ['fail', true]);
    postgres.psql('zvon', 'INSERT INTO schema_steps SELECT * FROM kept WHERE version > 1; DROP TABLE kept');
    assert.equal((await as('zvon_node', ['migrate', '--check'])).code, 0);
  });

  test('a node’s role makes a backup, and the owner’s puts it back for nodes', async () => {
    const [to, name] = [join(dir, 'roles.dump'), 'zvon_back'];
    const made = await as('zvon_node', ['backup', '--to', to]);
    assert.equal(made.code, 0, made.err);
    postgres.psql('postgres', `CREATE DATABASE ${name} OWNER zvon_owner`);
    // Of roles.sql, what is about one database.
    for (const sql of [
      'ALTER SCHEMA public OWNER TO zvon_owner',
      'GRANT USAGE ON SCHEMA public TO zvon_node',
      'ALTER DEFAULT PRIVILEGES FOR ROLE zvon_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO zvon_node',
      'ALTER DEFAULT PRIVILEGES FOR ROLE zvon_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO zvon_node',
    ]) assert.equal(postgres.psql(name, sql), '');
    const denied = await as('zvon_node', ['restore', '--from', to], name);
    assert.equal(denied.code, 1, 'a node may not');
    const back = await as('zvon_owner', ['restore', '--from', to], name);
    assert.equal(back.code, 0, back.err);
    const restored = await startAs('zvon_node', name);
    const [cat] = await registerAll(restored, 'cat');
    assert.ok(cat.id);
    const { out } = await as('zvon_node', ['users', 'list'], name);
    for (const known of ['ann', 'bob', 'cat']) assert.ok(out.includes(known), out);
    const busy = await as('zvon_owner', ['epoch', '--renew'], name);
    assert.match(busy.err, /stop them all first/, 'also seen by another role');
    await restored.finish();
    assert.equal((await as('zvon_owner', ['epoch', '--renew'], name)).code, 0);
    assert.equal(postgres.psql(name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner <> 'zvon_owner'"), '0');
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
