// A cluster whose Redis has Sentinels, on a network that can part: the master is cut off together with
// the first node; for the others Sentinels make a replica the master.
import { answers, startCluster, startProxy, startRedis, startSentinels, translated } from '../harness/index.mjs';

/** Nodes with this in their environment, on such a Redis. */
export async function startApart(env) {
  // As docs/redis.md has it.
  const careful = ['--min-replicas-to-write', 1, '--min-replicas-max-lag', 6, '--repl-diskless-sync-delay', 0];
  const master = await startRedis(careful);
  // How everybody but the first node reaches it: by the name that Sentinels know.
  const known = await startProxy(master);
  const replicas = await Promise.all([1, 2].map(() => startRedis([...careful, '--replicaof', '127.0.0.1', known.port])));
  const sentinels = await startSentinels(known.port, { replicas: 2, downAfter: 5000 });
  // The first node asks Sentinels over links that are cut with it, and reaches the master directly.
  const through = () => answers(translated(known.port, master.port));
  const asked = await Promise.all(sentinels.ports.map((port) => startProxy({ port }, { through })));
  const links = [known, ...asked];
  const url = (ports) => `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`)}/main`;
  const envOf = (n) => ({ REDIS_URL: url(n === 0 ? asked.map(({ port }) => port) : sentinels.ports) });
  const cluster = await startCluster({ envOf, env });
  const is = (redis, role) => redis.cli('ROLE').startsWith(role);
  return {
    cluster,
    part() {
      for (const link of links) link.stall();
    },
    heal() {
      for (const link of links) link.stall(false);
    },
    /** What of the master's: whether it takes writes, is a replica, or another is the master. */
    refuses: () => master.cli('SET', 'zvon-test', '1').startsWith('NOREPLICAS'),
    isMaster: () => is(master, 'master'),
    isReplica: () => is(master, 'slave'),
    isReplaced: () => replicas.some((redis) => is(redis, 'master')),
    async finish() {
      await cluster.finish();
      await sentinels.stop();
      for (const redis of [master, ...replicas]) await redis.stop();
    },
  };
}
