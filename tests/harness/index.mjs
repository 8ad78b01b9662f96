// Everything a test needs, by one import.
export { startHaproxy, startNginx } from './balancers.mjs';
export { anotherDatabase, startCluster } from './cluster.mjs';
export { atEnd, describe, held } from './ends.mjs';
export { figure, portOf, quantile, spread } from './figures.mjs';
export { follow, givenKafka, startKafka } from './kafka.mjs';
export { done, zvon } from './operator.mjs';
export { chatOf, claimsOf, now, register, registerAll, sign, signIn } from './people.mjs';
export { startProxy } from './proxy.mjs';
export { answers, isPushed, translated } from './resp.mjs';
export { call, get, post } from './rest.mjs';
export { BINARY, SECRET, startNode, startServer } from './server.mjs';
export { isSigned, startReceiver } from './receiver.mjs';
export { startSentinels } from './sentinels.mjs';
export { freePort, redisAt, start, startPostgres, startRedis, startRedisCluster } from './services.mjs';
export { connect, open, refusal, TRANSPORTS } from './socket.mjs';
export { isMessage, isoTime, uuid } from './shapes.mjs';
export { until } from './until.mjs';
export { startWorker } from './worker.mjs';
