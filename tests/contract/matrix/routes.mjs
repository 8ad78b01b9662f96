// The rows of the routes. `send` makes the request; each role has its cell. Aliases have the row of
// what they are an alias of. A row may `prepare` its case, and want a `fresh` session for it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { claimsOf, get, post, register, signIn } from '../../harness/index.mjs';
import { anybody, does, everybody, members, NO_CHAT, reads, refused } from './roles.mjs';

const nothing = () => ({});
const NO_SESSION = refused('Session not found', 'NOT_FOUND', 404);
const OVER = refused('The session has ended', 'UNAUTHORIZED', 401);

const NO_WEBHOOK = refused('Webhook not found', 'NOT_FOUND', 404);
const ADMINS = refused('Only an admin of the group can do that', 'FORBIDDEN', 403);
const NO_OPERATOR = refused('Only an operator can do that', 'FORBIDDEN', 403);

/** Only an admin of the group: to those outside it is as if it did not exist. */
const admins = (outcome, others) => ({ ...members(ADMINS, others), admin: outcome });
/** A webhook of the case's group. Nobody listens where it posts to. */
const hooked = async ({ server, people, at }) => {
  const { body } = await post(server, '/api/webhooks', { token: people.admin.token, body: { url: 'https://example.invalid/hook', chatId: at.chat } });
  at.webhook = body.webhook.id;
};
const inHook = ({ at }) => ({ path: { webhookId: at.webhook } });
const hooks = async ({ server, people, at }) => (await get(server, `/api/webhooks?chatId=${at.chat}`, { token: people.admin.token })).body;

const inChat = ({ at }) => ({ path: { chatId: at.chat } });
const works = async ({ server }, token) => (await get(server, '/auth/me', { token })).status === 200;

export const routes = {
  'POST /auth/register': {
    prepare: (it) => (it.email = `${randomUUID()}@example.org`),
    send: ({ email }) => ({ body: { email, password: 'long enough', name: 'New' } }),
    cells: anybody(does(async ({ server, answer, people }) => {
      const { body } = await get(server, '/api/users', { token: people.admin.token });
      assert.ok(body.some(({ id }) => id === answer.body.user.id));
    }, 201)),
  },
  'POST /auth/login': {
    send: ({ who }) => ({ body: { email: who.email, password: who.password } }),
    cells: anybody(does(({ who, answer, before, after }) => {
      const { sid } = claimsOf(answer.body.accessToken);
      assert.deepEqual(after.people[who.id].sessions, [...before.people[who.id].sessions, sid].sort());
    }, 201)),
  },
  'POST /auth/refresh': {
    prepare: async (it) => {
      const { email, password } = it.who;
      const { body } = await post(it.server, '/auth/login', { body: { email, password, refresh: true } });
      if (it.role === 'revoked') await post(it.server, '/auth/logout', { token: body.accessToken });
      it.refreshToken = it.role === 'nobody' ? 'AAAA' : body.refreshToken;
    },
    send: ({ refreshToken }) => ({ body: { refreshToken } }),
    cells: {
      // A refresh token is for those whose access token is over.
      ...anybody(does(async ({ server, answer }) => assert.ok(await works({ server }, answer.body.accessToken)), 201)),
      revoked: OVER,
      nobody: OVER,
    },
  },
  'POST /auth/password': {
    fresh: true,
    send: ({ who }) => ({ body: { currentPassword: who.password, newPassword: `${who.password}+` } }),
    cells: everybody(does(async ({ server, who, token, before, after }) => {
      const old = await post(server, '/auth/login', { body: { email: who.email, password: who.password } });
      who.password += '+';
      assert.equal(old.status, 401);
      assert.ok(before.people[who.id].sessions.length > 1);
      assert.deepEqual(after.people[who.id].sessions, [claimsOf(token).sid], 'the others ended');
      who.token = token;
    }, 204)),
  },
  'GET /auth/me': {
    send: nothing,
    cells: everybody(reads(({ who, answer }) => assert.deepEqual(answer.body, { id: who.id, email: who.email, name: who.name }))),
  },
  'POST /auth/logout': {
    fresh: true,
    send: nothing,
    cells: everybody(does(async (it) => {
      assert.ok(!(await works(it, it.token)));
      assert.ok(await works(it, it.who.token), 'the other session lives on');
    }, 204)),
  },
  'GET /auth/sessions': {
    send: nothing,
    cells: everybody(reads(({ who, answer, before }) => {
      assert.deepEqual(answer.body.map(({ id }) => id).sort(), before.people[who.id].sessions);
    })),
  },
  'DELETE /auth/sessions': {
    fresh: true,
    send: nothing,
    cells: everybody(does(({ who, token, before, after, people }) => {
      assert.deepEqual(after.people[who.id].sessions, [claimsOf(token).sid]);
      for (const { id } of Object.values(people)) {
        if (id !== who.id) assert.deepEqual(after.people[id], before.people[id], 'of nobody else');
      }
      who.token = token;
    }, 204)),
  },
  'DELETE /auth/sessions/{sessionId}': {
    // The session is the member's.
    prepare: async (it) => {
      const { token } = await signIn(it.server, it.people.member);
      it.at.session = claimsOf(token).sid;
      it.target = token;
    },
    send: ({ at }) => ({ path: { sessionId: at.session } }),
    cells: {
      ...everybody(NO_SESSION),
      member: does(async (it) => assert.ok(!(await works(it, it.target))), 204),
    },
  },
  'GET /api/users': {
    send: nothing,
    cells: everybody(reads(({ people, answer }) => {
      for (const { id } of Object.values(people)) assert.ok(answer.body.some((row) => row.id === id));
      assert.doesNotMatch(answer.text, /password|argon2/);
    })),
  },
  'GET /chats': {
    send: nothing,
    cells: members(
      reads(({ at, answer }) => assert.ok(answer.body.some(({ id }) => id === at.chat))),
      reads(({ at, answer }) => assert.ok(!answer.text.includes(at.chat))),
    ),
  },
  'POST /chats': {
    prepare: async (it) => (it.guest = await register(it.server, 'Guest')),
    send: ({ guest }) => ({ body: { userId: guest.id } }),
    cells: everybody(does(({ who, guest, answer, before, after }) => {
      assert.deepEqual([...answer.body.participants].sort(), [who.id, guest.id].sort());
      assert.equal(after.people[who.id].chats.length, before.people[who.id].chats.length + 1);
    }, 201)),
  },
  'GET /chats/{chatId}': {
    send: inChat,
    cells: members(reads(({ at, answer }) => assert.deepEqual([answer.body.id, answer.body.messages.length], [at.chat, 2])), NO_CHAT),
  },
  'GET /chats/{chatId}/messages': {
    send: (it) => ({ ...inChat(it), query: `?around=${it.at.seq}` }),
    cells: members(reads(({ answer, before }) => assert.deepEqual(answer.body, before.history)), NO_CHAT),
  },
  'POST /chats/{chatId}/messages': {
    send: (it) => ({ ...inChat(it), body: { content: 'sent over REST', clientId: `${it.role} ${it.at.chat}` } }),
    cells: members(does(({ who, answer, before, after }) => {
      assert.deepEqual([answer.body.senderId, answer.body.content], [who.id, 'sent over REST']);
      assert.equal(after.history.length, before.history.length + 1);
      assert.equal(after.history.at(-1).id, answer.body.id);
    }, 201), NO_CHAT),
  },
  'GET /chats/{chatId}/retention': {
    send: inChat,
    cells: members(reads(({ answer }) => assert.deepEqual(answer.body.own, { maxAgeMs: null, maxCount: null })), NO_CHAT),
  },
  'POST /chats/{chatId}/retention': {
    send: (it) => ({ ...inChat(it), body: { maxAgeMs: 86_400_000 } }),
    cells: admins(does(({ answer, before, after }) => {
      assert.deepEqual(answer.body.own, { maxAgeMs: 86_400_000, maxCount: null });
      assert.equal(after.group.lastSeq, before.group.lastSeq + 1);
    }, 200), NO_CHAT),
  },
  'GET /messages/{messageId}': {
    send: ({ at }) => ({ path: { messageId: at.message } }),
    cells: members(
      reads(({ at, answer }) => assert.deepEqual([answer.body.id, answer.body.chatId], [at.message, at.chat])),
      refused('Message not found', 'NOT_FOUND', 404),
    ),
  },
  'POST /api/webhooks': {
    send: ({ at }) => ({ body: { url: 'https://example.invalid/hook', chatId: at.chat, topics: ['message.created'] } }),
    cells: admins(does(async (it) => {
      assert.match(it.answer.body.secret, /^whsec_[0-9a-f]{64}$/);
      assert.deepEqual(await hooks(it), [it.answer.body.webhook]);
    }, 201), NO_CHAT),
  },
  'GET /api/webhooks': {
    prepare: hooked,
    send: ({ at }) => ({ query: `?chatId=${at.chat}` }),
    cells: admins(reads(({ at, answer }) => {
      assert.deepEqual(answer.body.map(({ id, chatId }) => [id, chatId]), [[at.webhook, at.chat]]);
      assert.doesNotMatch(answer.text, /whsec/);
    }), NO_CHAT),
  },
  'DELETE /api/webhooks/{webhookId}': {
    prepare: hooked,
    send: inHook,
    cells: admins(does(async (it) => assert.deepEqual(await hooks(it), []), 204), NO_WEBHOOK),
  },
  'POST /api/webhooks/{webhookId}/disable': {
    prepare: hooked,
    send: inHook,
    cells: admins(does(async (it) => assert.deepEqual((await hooks(it)).map(({ enabled }) => enabled), [false]), 200), NO_WEBHOOK),
  },
  'POST /api/webhooks/{webhookId}/enable': {
    prepare: async (it) => {
      await hooked(it);
      await post(it.server, `/api/webhooks/${it.at.webhook}/disable`, { token: it.people.admin.token });
    },
    send: inHook,
    cells: admins(does(async (it) => assert.deepEqual((await hooks(it)).map(({ enabled }) => enabled), [true]), 200), NO_WEBHOOK),
  },
  'POST /api/webhooks/{webhookId}/test': {
    prepare: hooked,
    send: inHook,
    cells: admins(does(({ answer }) => assert.deepEqual([answer.body.state, answer.body.tries, answer.body.topic], ['failed', 1, 'webhook.test']), 200), NO_WEBHOOK),
  },
  'GET /api/webhooks/{webhookId}/deliveries': {
    prepare: hooked,
    send: inHook,
    cells: admins(reads(({ answer }) => assert.ok(Array.isArray(answer.body))), NO_WEBHOOK),
  },
  // None of these is an operator.
  'GET /api/audit': { send: nothing, cells: everybody(NO_OPERATOR) },
  'GET /api/analytics': { send: nothing, cells: everybody(NO_OPERATOR) },
  'GET /api/analytics.csv': { send: nothing, cells: everybody(NO_OPERATOR) },
  'GET /health': { send: nothing, cells: anybody(reads()) },
  'GET /health/liveness': { send: nothing, cells: anybody(reads()) },
  'GET /health/readiness': { send: nothing, cells: anybody(reads()) },
  'GET /api/docs': { send: nothing, cells: anybody(reads()) },
  'GET /api/docs.css': { send: nothing, cells: anybody(reads()) },
  'GET /api/docs-json': { send: nothing, cells: anybody(reads()) },
  'GET /api/docs-yaml': { send: nothing, cells: anybody(reads()) },
  'GET /api/events-json': { send: nothing, cells: anybody(reads()) },
};
