// `zvon worker`, of a server's or a cluster's configuration.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { atEnd, held } from './ends.mjs';
import { BINARY } from './server.mjs';

/** A running worker; `env` wins over the server's. Where it says where its metrics are, `metrics()` reads them. */
export async function startWorker(server, { env = {} } = {}) {
  const child = spawn(BINARY, ['worker', '--data', join(server.data, 'data')], {
    cwd: server.data,
    env: { PATH: process.env.PATH, ...server.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const worker = { child, logs: '', ended: new Promise((resolve) => child.on('close', (code) => resolve(code))) };
  atEnd(() => child.kill('SIGKILL'));
  child.stderr.setEncoding('utf8').on('data', (text) => (worker.logs += text));
  let said = '';
  const works = new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text).includes('Zvon works') && said.endsWith('\n') && resolve());
    child.on('close', (code) => reject(new Error(`the worker ended with ${code}:\n${worker.logs.slice(-2000)}`)));
  });
  await held(works);
  worker.metrics = async () => (await fetch(/http:\S+/.exec(said)[0])).text();
  worker.end = async (signal) => {
    child.kill(signal);
    const code = await held(worker.ended);
    assert.doesNotMatch(worker.logs, /panicked/);
    return code;
  };
  return worker;
}
