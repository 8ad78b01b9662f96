/** Fails when what the first page loads is larger than promised: 180 KB of JavaScript, 20 KB of CSS. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'dist');
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const budgets = { js: 180 * 1024, css: 20 * 1024 };

let over = false;
for (const [extension, budget] of Object.entries(budgets)) {
  const files = new Set(
    [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)]
      .map((match) => match[1])
      .filter((file) => file.endsWith(`.${extension}`)),
  );
  if (files.size === 0) throw new Error(`index.html loads no .${extension} file`);
  const size = [...files].reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 6 }).length,
    0,
  );
  const kb = (bytes) => (bytes / 1024).toFixed(1);
  console.log(`first load ${extension}: ${kb(size)} KB of ${kb(budget)} KB (gzip)`);
  over ||= size > budget;
}
if (over) {
  console.error('The first load is over its budget.');
  process.exit(1);
}
