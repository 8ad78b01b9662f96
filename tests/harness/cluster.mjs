// Several nodes on one PostgreSQL and one Redis, without a balancer: each use of `url` is another
// node's, so that what one person does meets what another does on another node.
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from './server.mjs';
import { startedPostgres, startPostgres, startRedis } from './services.mjs';

/**
 * A cluster of `size` nodes, on the PostgreSQL that the environment names or one of its own; with
 * `durable` it is one of its own that keeps what it acknowledged. `envOf(n, {redis, postgres})` is what
 * the node of that number has beside `env`.
 */
export async function startCluster({ size = 3, env = {}, envOf = () => ({}), durable = false, binary } = {}) {
  const postgres = await makeDatabase(durable);
  const redis = await startRedis();
  const shared = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    ZVON_CLUSTER__KEY: randomBytes(32).toString('hex'),
    ZVON_CLUSTER__INTERNAL_LISTEN: '127.0.0.1:0',
    ...env,
  };
  const starting = Array.from({ length: size }, async (_, n) => {
    const own = await envOf(n, { redis, postgres });
    return startNode({ env: { ...shared, ...own }, binary });
  });
  const nodes = await Promise.all(starting);
  return new Cluster(nodes, redis, postgres);
}

/** An empty database. */
async function makeDatabase(durable) {
  const name = `zvon_${randomBytes(6).toString('hex')}`;
  const given = process.env.ZVON_TEST_POSTGRES;
  if (!given || durable) {
    const own = await startPostgres({ durable });
    own.psql('postgres', `CREATE DATABASE ${name}`);
    return { ...database(own, name), server: own, finish: own.finish };
  }
  const started = startedPostgres(Number(given));
  started.psql('postgres', `CREATE DATABASE ${name}`);
  const finish = async () => started.psql('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
  return { ...database(started, name), server: started, finish };
}

/** Another database of the same server; `{url, psql, drop}`. */
export function anotherDatabase({ postgres: { server } }) {
  const name = `zvon_${randomBytes(6).toString('hex')}`;
  server.psql('postgres', `CREATE DATABASE ${name}`);
  const drop = () => server.psql('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
  return { url: server.url(name), psql: (sql) => server.psql(name, sql), drop };
}

const database = (server, name) => ({
  url: server.url(name),
  psql: (sql) => server.psql(name, sql),
  dump: () => server.dump(name),
});

class Cluster {
  #turn = 0;

  constructor(nodes, redis, postgres) {
    Object.assign(this, { nodes, redis, postgres });
    this.secrets = new Set(nodes.flatMap((node) => [...node.secrets]));
    for (const node of nodes) node.secrets = this.secrets;
  }

  /** The next node's. */
  get url() {
    this.#turn += 1;
    return this.nodes[this.#turn % this.nodes.length].url;
  }

  /** The next node's. */
  get port() {
    return Number(new URL(this.url).port);
  }

  /** Everything that is kept, wherever it is, as bytes. */
  dump() {
    const rdb = join(tmpdir(), `${randomUUID()}.rdb`);
    this.redis.cli('--rdb', rdb);
    const soft = readFileSync(rdb);
    rmSync(rdb);
    return Buffer.concat([this.postgres.dump(), soft]);
  }

  get env() {
    return this.nodes[0].env;
  }

  /** Where an operator's commands run: anywhere would do. */
  get data() {
    return this.nodes[0].data;
  }

  get logs() {
    return this.nodes.map((node) => node.logs).join('\n');
  }

  get alive() {
    return this.nodes.every((node) => node.alive);
  }

  start() {
    return Promise.all(this.nodes.map((node) => node.start()));
  }

  /** Asks all to go down; the worst exit code. */
  async stop() {
    const codes = await Promise.all(this.nodes.map((node) => node.stop()));
    return codes.find((code) => code !== 0) ?? 0;
  }

  kill() {
    return Promise.all(this.nodes.map((node) => node.kill()));
  }

  checkLogs() {
    for (const node of this.nodes) node.checkLogs();
  }

  /** The end of a test file: clean exits, no panic, no secret in the logs, nothing left. */
  async finish() {
    const ends = await Promise.allSettled(this.nodes.map((node) => node.finish()));
    await this.redis.stop();
    await this.postgres.finish();
    for (const { reason } of ends) if (reason) throw reason;
  }
}
