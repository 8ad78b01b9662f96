// The operator at the command line, beside the running server (or a cluster's nodes) and with its
// configuration.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { held } from './ends.mjs';
import { BINARY } from './server.mjs';

/**
 * Runs `zvon …args` on the server's data; `{code, out, err}`. `input` is what it reads, `env` is added
 * to the server's.
 */
export async function zvon(server, args, { input = '', data = join(server.data, 'data'), env: more = {} } = {}) {
  const env = { PATH: process.env.PATH, ...server.env, ...more };
  const child = spawn(BINARY, [...args, '--data', data], { cwd: server.data, env });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await held(new Promise((resolve) => child.on('close', resolve)));
  return { code, out, err };
}

/** Runs a command, which must succeed; what it said. */
export async function done(server, args, options) {
  const { code, out, err } = await zvon(server, args, options);
  assert.equal(code, 0, `${out}${err}`);
  return out;
}
