// The contract's scenarios with their actors on different nodes, and the cluster's own tests, all
// on one PostgreSQL. What is about one process or its files stays out.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { held } from '../harness/ends.mjs';
import { startPostgres } from '../harness/services.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Suites of one node: its data directory, listener, metrics and documents. */
const ALONE = ['backup', 'checklist', 'documents', 'door', 'idle', 'matrix', 'metrics', 'secrets', 'security'];

const tests = (folder) => readdirSync(join(HERE, '..', folder)).filter((file) => file.endsWith('.test.mjs'));
const stories = (folder, files) => files.map((file) => join(HERE, '..', folder, file));
const contract = tests('contract').filter((file) => !ALONE.includes(file.replace('.test.mjs', '')));
const named = process.argv.slice(2);
const files = [
  ...stories('contract', contract),
  ...stories('standin', tests('standin')),
  ...tests('cluster').map((file) => join(HERE, file)),
].filter((file) => named.length === 0 || named.some((name) => file.includes(name)));

const postgres = await startPostgres();
const options = ['--test', '--test-concurrency=1', '--test-force-exit', '--test-reporter=spec'];
const env = { ...process.env, ZVON_TEST_POSTGRES: String(postgres.port) };
const child = spawn('node', [...options, ...files], { env, stdio: 'inherit' });
const code = await held(new Promise((resolve) => child.on('close', resolve)));
await postgres.finish();
process.exit(code ?? 1);
