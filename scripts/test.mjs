// Runs the test suites one after another, counts their tests, and ends with "N passed, N failed".
// `node scripts/test.mjs [suite…]` runs only the suites named.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

/** A suite of `node --test` over the test files of a folder. */
function node(folder) {
  const all = existsSync(`tests/${folder}`) ? readdirSync(`tests/${folder}`, { recursive: true }) : [];
  const files = all.filter((file) => file.endsWith('.test.mjs')).sort();
  // Without force-exit Node 20 now and then never gets past closing a process's last handles.
  const options = ['--test', '--test-concurrency=1', '--test-force-exit', '--test-reporter=spec'];
  return ['node', [...options, ...files.map((file) => `tests/${folder}/${file}`)]];
}

/** In the order that finds the cheapest fault first. */
const suites = {
  check: ['make', ['check']],
  rust: ['cargo', ['test', '--locked', '--workspace', '--no-fail-fast']],
  web: ['npm', ['--prefix', 'web', 'run', 'test']],
  interop: node('interop'),
  contract: node('contract'),
  standin: node('standin'),
  kill: node('kill'),
  cluster: ['node', ['tests/cluster/run.mjs']],
  kafka: node('kafka'),
  e2e: ['npm', ['--prefix', 'web', 'run', 'e2e']],
};
/** Only by name: it needs an older program beside this one. */
const releases = { upgrade: node('upgrade') };
/** What a suite needs built before it. */
const builds = {
  web: ['build'],
  rust: ['web/dist'],
  interop: ['tests/node_modules'],
  contract: ['build', 'tests/node_modules'],
  standin: ['build', 'tests/node_modules'],
  kill: ['build', 'tests/node_modules'],
  cluster: ['build', 'tests/node_modules'],
  kafka: ['build', 'tests/node_modules'],
  upgrade: ['build', 'tests/node_modules'],
  e2e: ['build'],
};
/** The lines in which the runners count: libtest, node:test, vitest, playwright, our check. */
const counters = [
  { passed: /^test result: .*? (\d+) passed/, failed: /^test result: .*? (\d+) failed/ },
  { passed: /^(?:ℹ|#) pass (\d+)/, failed: /^(?:ℹ|#) (?:fail|cancelled) (\d+)/ },
  { passed: /^\s*Tests\s.*?(\d+) passed/, failed: /^\s*Tests\s.*?(\d+) failed/ },
  { passed: /^\s*(\d+) (?:passed|flaky)(?: \(|$)/, failed: /^\s*(\d+) failed$/ },
  { passed: /^(\d+) passed, \d+ failed$/, failed: /^\d+ passed, (\d+) failed$/ },
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
const colours = /\u001b\[[0-9;]*m/g;

function run([command, args], onLine = () => {}) {
  return new Promise((resolve) => {
    const root = process.cwd();
    const env = { ...process.env, ZVON_BIN: `${root}/target/release/zvon`, CI: '1' };
    // The tests write the generated types, too: not over those of the client, which would be built anew.
    env.TS_RS_EXPORT_DIR ??= `${root}/target/bindings`;
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) onLine(line.replace(colours, ''));
    });
    child.on('error', (error) => resolve(console.error(String(error)) ?? 127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function count(line, result) {
  for (const { passed, failed } of counters) {
    const [good, bad] = [passed.exec(line), failed.exec(line)];
    result.passed += Number(good?.[1] ?? 0);
    result.failed += Number(bad?.[1] ?? 0);
    if (good || bad) return;
  }
}

/** How many of a failed suite's last lines, where the runners say what failed, come once more at the end. */
const LAST_LINES = 40;

async function suite(name) {
  const result = { name, passed: 0, failed: 0, seconds: 0, lines: [] };
  const heed = (line) => {
    count(line, result);
    result.lines = [...result.lines.slice(1 - LAST_LINES), line];
  };
  const started = Date.now();
  const targets = builds[name] ?? [];
  const built = targets.length === 0 || (await run(['make', targets])) === 0;
  const code = built ? await run({ ...suites, ...releases }[name], heed) : 1;
  // A suite that failed without a failed test, or had none, is a failure of its own.
  if ((code !== 0 && result.failed === 0) || result.passed === 0) result.failed += 1;
  result.seconds = Math.round((Date.now() - started) / 1000);
  return result;
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in suites) && !(name in releases));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys({ ...suites, ...releases }).join(', ')}`);
  process.exit(2);
}
const results = [];
for (const name of named.length > 0 ? named : Object.keys(suites)) {
  console.log(`\n=== ${name}`);
  results.push(await suite(name));
}
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
for (const { name, lines } of results.filter(({ failed }) => failed)) console.log(`\n=== the end of ${name}\n${lines.join('\n')}`);
console.log('');
for (const { name, passed, failed, seconds } of results) {
  console.log(`${failed ? 'FAIL' : 'ok  '} ${name.padEnd(10)} ${passed} passed, ${failed} failed, ${seconds} s`);
}
console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
process.exit(total('failed') === 0 ? 0 : 1);
