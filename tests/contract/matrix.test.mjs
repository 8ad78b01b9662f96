// The authorisation matrix: every route and every command × everybody who may try it.
//
// The rows are in matrix/routes.mjs and matrix/commands.mjs, the operations come from the running
// server's documents. One without a row fails here. Each case holds what it sends and what comes
// back against the documents, and compares everything that is stored before and after.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect, claimsOf, describe, now, register, sign, startServer } from '../harness/index.mjs';
import { documents } from '../harness/documents.mjs';
import { commandCases, routeCases } from './matrix/cases.mjs';
import { commands } from './matrix/commands.mjs';
import { INSIDE, ROLES } from './matrix/roles.mjs';
import { routes } from './matrix/routes.mjs';

// With presence as it is in a large installation: for those who share a chat.
const server = await startServer({
  env: {
    ZVON_AUTH__SESSIONS_MAX: '1000',
    ZVON_LIMITS__CONNECTIONS_PER_USER: '0',
    ZVON_PRESENCE__AUDIENCE: 'co-members',
    ZVON_LOG__LEVEL: 'info',
  },
});
after(() => server.finish());
const told = await documents(server);

const operations = told.rest.operations();
const names = told.events.names('receive');
const rowOf = (name, operation) => routes[operation['x-alias-of'] ? `${name.split(' ')[0]} ${operation['x-alias-of']}` : name];
const list = (rows) => [rows].flat();

test('S8 every operation and every command has its row, with a cell for everybody; no row is left over', () => {
  for (const [name, operation] of operations) {
    const row = rowOf(name, operation);
    assert.ok(row, `${name} has no row in matrix/routes.mjs`);
    assert.deepEqual(Object.keys(row.cells).sort(), [...ROLES].sort(), name);
    const open = ROLES.every((role) => row.cells[role].message !== 'Unauthorized');
    assert.equal(operation.security.length === 0, open, `${name}: whether it is open`);
  }
  const own = operations.filter(([, operation]) => !operation['x-alias-of']).map(([name]) => name);
  assert.deepEqual(Object.keys(routes).sort(), own.sort());
  assert.deepEqual(Object.keys(commands).sort(), [...names].sort());
  for (const [name, rows] of Object.entries(commands)) {
    for (const { cells } of list(rows)) assert.deepEqual(Object.keys(cells).sort(), [...INSIDE].sort(), name);
  }
});

for (const [name, operation] of operations) {
  const row = rowOf(name, operation);
  if (row) routeCases(() => server, told, name, row);
}
for (const name of names) if (commands[name]) commandCases(() => server, told, name, list(commands[name]));

describe('S6 at a token’s end', () => {
  test('its live sockets are closed, whatever they want to send', async () => {
    const ann = await register(server, 'Ann');
    const token = sign({ ...claimsOf(ann.token), exp: now() + 5 });
    const sockets = await Promise.all(names.map(() => connect(server, { ...ann, token }, { reconnection: false })));
    const acks = [];
    await Promise.all(sockets.map(async (socket, index) => {
      assert.match(await socket.hear('disconnect'), /transport close|transport error/);
      socket.io.emit(names[index], {}, (ack) => acks.push(ack));
    }));
    assert.ok(Date.now() / 1000 >= claimsOf(token).exp, 'not before');
    assert.deepEqual(acks, []);
  });
});
