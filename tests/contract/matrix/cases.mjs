// One cell of the matrix, carried out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, describe, post, signIn } from '../../harness/index.mjs';
import { barge } from './barge.mjs';
import { AT_THE_DOOR, INSIDE, ROLES, same, SHUT } from './roles.mjs';
import { ask, makeScene, nowhere } from './scene.mjs';

/** Cases of a route, one per role. */
export function routeCases(server, documents, name, row) {
  inScene(server, name, (scene) => {
    for (const role of ROLES) test(`${name} by ${role}`, () => routeCase(scene(), documents, name, row, role));
  });
}

/** Cases of a command, one per role. */
export function commandCases(server, documents, name, rows) {
  inScene(server, name, (scene) => {
    for (const [index, row] of rows.entries()) {
      const which = rows.length > 1 ? `${name} (${index + 1})` : name;
      for (const role of INSIDE) test(`${which} by ${role}`, () => commandCase(scene(), documents, name, row, role));
      for (const role of SHUT) test(`${which} by ${role}`, () => shutCase(scene(), documents, name, row, role));
    }
  });
}

function inScene(server, name, body) {
  describe(name, () => {
    let scene;
    before(async () => (scene = await makeScene(server())));
    after(() => scene.close());
    body(() => scene);
  });
}

/** What a case works with. */
async function stage(scene, row, role, more) {
  const actor = await scene.actor(role, row.fresh);
  await scene.newGroup();
  const { server, people, at, witness } = scene;
  return { scene, server, people, at, witness, own: scene.own[actor.who.id], cell: row.cells[role], ...actor, ...more };
}

async function routeCase(scene, { rest }, name, row, role) {
  const it = await stage(scene, row, role);
  await row.prepare?.(it);
  it.before = await scene.snapshot(it);
  await it.witness.forget();
  const request = row.send(it);
  if (request.body) rest.takes(name, request.body);
  it.answer = await ask(it.server, name, request, it.token);
  rest.gives(name, it.answer);
  it.after = await scene.snapshot(it);
  const { allowed, status, message, code } = it.cell;
  assert.equal(it.answer.status, status, it.answer.text);
  if (!allowed) assert.deepEqual([it.answer.body.message, it.answer.body.code], [message, code]);
  await shows(it);
  await asOfNothing(it, row, request, async (other, elsewhere) => {
    const unknown = await ask(it.server, name, other, it.token);
    same(whole(it.answer), whole(unknown), it.at, elsewhere);
  });
}

/** Everything of an answer but its date. */
function whole({ status, headers, text }) {
  const { date, ...others } = headers;
  return `${status} ${JSON.stringify(others)} ${text}`;
}

async function commandCase(scene, { events }, name, row, role) {
  const socket = await come(scene, scene.people[role]);
  const it = await stage(scene, row, role, { socket });
  await row.prepare?.(it);
  it.before = await scene.snapshot();
  for (const one of [socket, it.witness]) await one.forget();
  const payload = row.send(it);
  events.is('command', name, payload);
  it.ack = await socket.ask(name, payload);
  it.after = await scene.snapshot();
  await socket.settle();
  it.exceptions = socket.all('exception');
  const { allowed, message, code } = it.cell;
  events.is(allowed ? 'ack' : 'refusal', name, it.ack);
  if (!allowed) {
    assert.deepEqual([it.ack.message, it.ack.code], [message, code]);
    assert.deepEqual(it.exceptions.map(({ error }) => error.message.message), [message]);
  }
  await shows(it);
  await hearsNothing(it);
  await asOfNothing(it, row, payload, async (other, elsewhere) => {
    await socket.forget();
    const unknown = await socket.ask(name, other);
    await socket.settle();
    same([it.ack, it.exceptions], [unknown, socket.all('exception')], it.at, elsewhere);
  });
  for (const { heard } of [socket, it.witness]) events.told(heard);
  socket.close();
}

/** A socket whose coming has had all of its effects. */
async function come(scene, person, options) {
  const socket = await connect(scene.server, person, options);
  await socket.hear('user:status', ({ userId }) => userId === person.id);
  return socket;
}

/** It shows, or nothing changed and nobody heard of it. */
async function shows(it) {
  const { allowed, reads, effect } = it.cell;
  if (!allowed || reads) assert.deepEqual(it.after, it.before, 'nothing changed');
  if (!allowed) await nobodyHeard(it.witness);
  await effect?.(it);
}

async function nobodyHeard(witness) {
  await witness.settle();
  assert.deepEqual(witness.order().filter((event) => event !== 'ack'), [], 'nobody heard of it');
}

const isOutside = (role) => ['former', 'stranger'].includes(role);

/** Whoever is outside hears nothing of the group, whatever they tried. */
async function hearsNothing({ scene, socket, role, at }) {
  if (!isOutside(role)) return;
  const heard = socket.heard.length;
  await scene.saySomething();
  await socket.settle();
  const about = socket.heard.slice(heard).filter((note) => JSON.stringify(note).includes(at.chat));
  assert.deepEqual(about, [], 'hears nothing of the group');
}

/** For whoever is outside, tries the same with ids that lead nowhere. */
async function asOfNothing(it, row, sent, compare) {
  if (!isOutside(it.role)) return;
  const elsewhere = nowhere(it.at);
  const other = row.send({ ...it, at: elsewhere });
  if (JSON.stringify(other) !== JSON.stringify(sent)) await compare(other, elsewhere);
}

/** Without a good token: refused at the door, and what is sent all the same does nothing. */
async function shutCase(scene, { events }, name, row, role) {
  const { admin } = scene.people;
  const live = role === 'revoked' ? await come(scene, await signIn(scene.server, admin), { reconnection: false }) : undefined;
  const it = await stage(scene, row, role);
  const payload = row.send(it);
  events.is('command', name, payload);
  it.before = await scene.snapshot();
  await it.witness.forget();
  const { refusal, packets } = await barge(scene.server, it.token, name, payload);
  assert.deepEqual(refusal, AT_THE_DOOR[role]);
  assert.deepEqual(packets, [], 'no answer');
  assert.deepEqual(await scene.snapshot(), it.before, 'nothing changed');
  if (live) await writesNoMore(it, live, name, payload);
  await nobodyHeard(it.witness);
}

/** From the answer to the revocation on, a live socket writes nothing; and it is closed. */
async function writesNoMore({ scene, before: old, who }, live, name, payload) {
  let acked;
  const { status } = await post(scene.server, '/auth/logout', { token: live.person.token });
  live.io.emit(name, payload, (ack) => (acked = ack));
  assert.equal(status, 204);
  assert.match(await live.hear('disconnect'), /transport close|transport error/);
  assert.deepEqual(live.all('session:revoked'), [{ reason: 'logout' }]);
  assert.equal(acked, undefined);
  const now = await scene.snapshot();
  now.people[who.id].sessions = old.people[who.id].sessions;
  assert.deepEqual(now, old, 'nothing changed');
}
