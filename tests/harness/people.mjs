// People: registered accounts, and tokens that tests sign themselves.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { call, post } from './rest.mjs';
import { SECRET } from './server.mjs';

let count = 0;

/** A new account: `{id, email, name, password, token}`. */
export async function register(server, name = `Person ${++count}`) {
  const email = `${name.toLowerCase().replaceAll(/[^a-z0-9]/g, '.')}.${randomUUID().slice(0, 8)}@example.org`;
  const password = `password of ${name} ${randomUUID()}`;
  const answer = await post(server, '/auth/register', { body: { email, password, name } });
  assert.equal(answer.status, 201, answer.text);
  const token = answer.body.accessToken;
  server.secrets.add(password).add(token);
  return { id: answer.body.user.id, email, name, password, token };
}

/** Several new accounts. */
export async function registerAll(server, ...names) {
  const people = [];
  for (const name of names) people.push(await register(server, name));
  return people;
}

/** Another session of the same person. */
export async function signIn(server, person) {
  const { email, password } = person;
  const answer = await post(server, '/auth/login', { body: { email, password } });
  assert.equal(answer.status, 201, answer.text);
  server.secrets.add(answer.body.accessToken);
  return { ...person, token: answer.body.accessToken };
}

/** The private chat of two people, made if need be. */
export async function chatOf(server, one, other) {
  const made = await post(server, '/chats', { token: one.token, body: { userId: other.id } });
  if (made.status === 201) return made.body.id;
  const chats = await call(server, 'GET', '/chats', { token: one.token });
  const pair = [one.id, other.id].sort().join();
  return chats.body.find((chat) => [...chat.participants].sort().join() === pair).id;
}

/** A signed token of these claims. */
export function sign(claims, { secret = SECRET, alg = 'HS256' } = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  const hash = alg.replace('HS', 'sha');
  return `${head}.${createHmac(hash, secret).update(head).digest('base64url')}`;
}

/** What a token says. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

/** Seconds since the epoch. */
export const now = () => Math.floor(Date.now() / 1000);
