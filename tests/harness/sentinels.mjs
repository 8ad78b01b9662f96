// Three Sentinels that watch a Redis and its replicas under the name `main`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, redisAt, start } from './services.mjs';
import { until } from './until.mjs';

/**
 * Waits until they know the master on that port, so many replicas of it, and each other. `downAfter` is
 * how long, in ms, a master is silent before another is made.
 */
export async function startSentinels(master, { replicas = 1, downAfter = 1000 } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'zvon-sentinel-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const settings = [`monitor main 127.0.0.1 ${master} 2`, `down-after-milliseconds main ${downAfter}`, 'failover-timeout main 5000'];
  const running = ports.map((port) => {
    const file = join(dir, `${port}.conf`);
    const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...settings.map((line) => `sentinel ${line}`)];
    writeFileSync(file, lines.join('\n'));
    return start('redis-server', [file, '--sentinel']);
  });
  const known = (port) => redisAt(port, 'SENTINEL', 'MASTER', 'main').replaceAll('\n', ' ');
  const ready = (text) => text.includes(`num-slaves ${replicas}`) && text.includes('num-other-sentinels 2');
  await until(() => ports.every((port) => ready(known(port))), () => ports.map(known).join('; '));
  const stop = async () => {
    for (const one of running) await one.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  return { ports, stop };
}
