// HAProxy and nginx in front of nodes, by the files of deploy/ with other addresses in them. Plain
// round robin, without stickiness. Ended by whoever started them, or with the process.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, start } from './services.mjs';
import { until } from './until.mjs';

const DEPLOY = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'deploy');

/**
 * HAProxy in front of the backends: `127.0.0.1:4000`, or URLs. Of `options`, `port` is where it
 * listens, `dir` where its files are kept, and the others are those of `spawn`.
 * @returns `{url, port, stop(), finish(), process, operators}`: `stop` ends it at once, `finish` when
 * its connections have ended, but soon; `operators` is the URL of its own page and metrics.
 */
export async function startHaproxy(backends, { port, dir, ...options } = {}) {
  const [own, operators] = [port ?? (await freePort()), await freePort()];
  const text = haproxyConfig(backends, { port: own, operators });
  const begin = (file) => start('haproxy', ['-db', '-f', file], options);
  const balancer = await started('haproxy.cfg', text, own, dir, begin);
  balancer.operators = `http://127.0.0.1:${operators}`;
  balancer.finish = async (patience = 3000) => {
    balancer.process.child.kill('SIGUSR1');
    const late = setTimeout(() => balancer.process.child.kill('SIGTERM'), patience);
    await balancer.process.ended;
    clearTimeout(late);
    await balancer.stop();
  };
  return balancer;
}

/** nginx in front of the backends, in the same way; without `operators` and `finish`. */
export async function startNginx(backends, { port, dir, ...options } = {}) {
  const own = port ?? (await freePort());
  return started('nginx.conf', (at) => nginxConfig(backends, { port: own, dir: at }), own, dir, (file) => {
    const settings = `daemon off; pid ${file}.pid;`;
    return start('nginx', ['-p', dirname(file), '-c', file, '-e', 'stderr', '-g', settings], options);
  });
}

async function started(name, text, port, kept, begin) {
  const dir = kept ?? mkdtempSync(join(tmpdir(), 'zvon-balancer-'));
  mkdirSync(dir, { recursive: true });
  const file = join(dir, name);
  writeFileSync(file, typeof text === 'function' ? text(dir) : text);
  const balancer = { port, url: `http://127.0.0.1:${port}`, process: begin(file) };
  balancer.stop = async () => {
    await balancer.process.stop('SIGTERM');
    if (!kept) rmSync(dir, { recursive: true, force: true });
  };
  const { child, logs } = balancer.process;
  // Ready when a node is: that takes its check.
  await until(async () => child.exitCode !== null || (await ready(port)), () => `${name}: ${logs()}`);
  if (child.exitCode !== null) throw new Error(`${name}: ended with ${child.exitCode}: ${logs()}`);
  return balancer;
}

/** Without keeping the connection: it would hold up the balancer's end. */
function ready(port) {
  return new Promise((resolve) => {
    const ask = request({ host: '127.0.0.1', port, path: '/health/readiness', agent: false });
    ask.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode === 200)));
    ask.on('error', () => resolve(false));
    ask.end();
  });
}

/** The file of deploy/ for these nodes and ports. */
export function haproxyConfig(backends, { port, operators }) {
  const servers = addresses(backends).map((at, index) => `    server node-${index + 1} ${at}`);
  const text = readFileSync(join(DEPLOY, 'haproxy/haproxy.cfg'), 'utf8');
  return replaced(text, [
    [/^ {4}bind :4000$/m, `    bind 127.0.0.1:${port}`],
    [/^ {4}bind :8404$/m, `    bind 127.0.0.1:${operators}`],
    [/(?:^ {4}server .*\n)+/m, `${servers.join('\n')}\n`],
  ]);
}

/** The file of deploy/ for these nodes and this port, with all that it writes in `dir`. */
export function nginxConfig(backends, { port, dir }) {
  const servers = addresses(backends).map((at) => `        server ${at} max_fails=1 fail_timeout=2s;`);
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const places = kinds.map((kind) => `    ${kind}_temp_path ${join(dir, kind)};`);
  const text = readFileSync(join(DEPLOY, 'nginx/nginx.conf'), 'utf8');
  return replaced(text, [
    [/^worker_processes auto;$/m, 'worker_processes 2;'],
    [/^http \{$/m, `http {\n${places.join('\n')}`],
    [/^ {8}listen 4000 /m, `        listen 127.0.0.1:${port} `],
    [/(?:^ {8}server .*;\n)+/m, `${servers.join('\n')}\n`],
  ]);
}

function addresses(backends) {
  return backends.map((backend) => String(backend).replace(/^https?:\/\//, '').replace(/\/$/, ''));
}

function replaced(text, changes) {
  return changes.reduce((now, [pattern, by]) => {
    if (!pattern.test(now)) throw new Error(`a file of deploy/ lacks ${pattern}`);
    return now.replace(pattern, () => by);
  }, text);
}
