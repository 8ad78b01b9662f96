// Every row of the security checklist has its proof, and the proof is still there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const span = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => `S${from + n}`);
const WANTED = [...span(2, 19), ...span(21, 37)];

test('every row of docs/security.md names tests that exist', () => {
  const rows = [...read('docs/security.md').matchAll(/^\| (S\d+) \| .+ \| (.+) \|$/gm)];
  const proofs = new Map(rows.map(([, row, proof]) => [row, proof]));
  for (const row of WANTED) assert.ok(proofs.has(row), `${row} has no row`);
  for (const [row, proof] of proofs) {
    const named = [...proof.matchAll(/`([^`]+)`: ([^·]+)/g)].map(([, file, name]) => [file, name.trim()]);
    assert.ok(named.length > 0, `${row} names no test`);
    for (const [file, name] of named) assert.ok(read(file).includes(name), `${row}: ${file} has no “${name}”`);
  }
});
