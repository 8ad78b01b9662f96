// Everything a test needs, by one import.
export { atEnd, describe, held } from './ends.mjs';
export { zvon } from './operator.mjs';
export { chatOf, claimsOf, now, register, registerAll, sign, signIn } from './people.mjs';
export { startProxy } from './proxy.mjs';
export { call, get, post } from './rest.mjs';
export { SECRET, startServer } from './server.mjs';
export { connect, open, refusal, TRANSPORTS } from './socket.mjs';
export { isMessage, isoTime, uuid } from './shapes.mjs';
export { until } from './until.mjs';
