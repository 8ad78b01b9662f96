// Everything a test needs, by one import.
export { startHaproxy, startNginx } from './balancers.mjs';
export { anotherDatabase, startCluster } from './cluster.mjs';
export { atEnd, describe, held } from './ends.mjs';
export { done, zvon } from './operator.mjs';
export { chatOf, claimsOf, now, register, registerAll, sign, signIn } from './people.mjs';
export { startProxy } from './proxy.mjs';
export { call, get, post } from './rest.mjs';
export { BINARY, SECRET, startNode, startServer } from './server.mjs';
export { isSigned, startReceiver } from './receiver.mjs';
export { freePort, start, startPostgres, startRedis, startRedisCluster } from './services.mjs';
export { connect, open, refusal, TRANSPORTS } from './socket.mjs';
export { isMessage, isoTime, uuid } from './shapes.mjs';
export { until } from './until.mjs';
