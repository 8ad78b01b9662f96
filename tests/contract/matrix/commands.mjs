// The rows of the commands. Those without a good token need no cells: for every command they are
// refused at the door, and what they send all the same does nothing.
import assert from 'node:assert/strict';
import { get } from '../../harness/index.mjs';
import { does, NOT_ADMIN, OUTSIDER, reads, refused } from './roles.mjs';

const all = (outcome) => ({ member: outcome, admin: outcome, former: outcome, stranger: outcome });
const members = (outcome, others = OUTSIDER) => ({ member: outcome, admin: outcome, former: others, stranger: others });
const admins = (outcome) => ({ member: NOT_ADMIN, admin: outcome, former: OUTSIDER, stranger: OUTSIDER });

const chat = ({ at }) => ({ chatId: at.chat });
const message = ({ at }) => ({ messageId: at.message });
const cursors = ({ group }, { id }) => group.members.find(({ userId }) => userId === id);
const isPinned = ({ history }, id) => history.find((message) => message.id === id).isPinned;
const isMember = ({ group }, { id }) => group.members.some(({ userId }) => userId === id);

const received = does(({ who, at, after }) => assert.ok(cursors(after, who).deliveredSeq >= at.seq));
const read = does(({ who, at, after }) => assert.ok(cursors(after, who).readSeq >= at.seq));
/** From somewhere into the group. */
const into = does(({ who, before, after }) => {
  assert.equal(after.history.length, before.history.length + 1);
  assert.deepEqual([after.history.at(-1).senderId, after.history.at(-1).isForwarded], [who.id, true]);
});
/** From the group into one's own chat. */
const outOf = does(({ who, own, after }) => {
  const { messages: [last] } = after.people[who.id].chats.find(({ id }) => id === own.chat);
  assert.deepEqual([last.content, last.isForwarded, last.senderId], ['of the group', true, who.id]);
});
const TARGET = refused('User is not a participant of target chat', 'FORBIDDEN');

/** Whom a change of members is about: those outside try it with themselves. */
const oneself = (it, other) => ({ chatId: it.at.chat, userId: ['former', 'stranger'].includes(it.role) ? it.who.id : other.id });

export const commands = {
  message: {
    send: (it) => ({ ...chat(it), content: 'sent', clientId: `${it.role} ${it.at.chat}` }),
    cells: members(does(async ({ who, ack, witness, before, after }) => {
      assert.equal(after.history.length, before.history.length + 1);
      assert.deepEqual([after.history.at(-1).id, ack.senderId], [ack.id, who.id]);
      await witness.hear('message', ({ id }) => id === ack.id);
    })),
  },
  'message:status': { send: (it) => ({ ...message(it), status: 'READ' }), cells: members(read) },
  'message:delivered': [
    { send: message, cells: members(received) },
    { send: ({ at }) => ({ chatId: at.chat, seq: at.seq }), cells: members(received) },
  ],
  'message:read': [
    { send: message, cells: members(read) },
    { send: ({ at }) => ({ chatId: at.chat, seq: at.seq }), cells: members(read) },
  ],
  'message:pin': { send: message, cells: members(does(({ at, after }) => assert.ok(isPinned(after, at.message)))) },
  'message:unpin': {
    send: ({ at }) => ({ messageId: at.pinned }),
    cells: members(does(({ at, before, after }) => assert.deepEqual([isPinned(before, at.pinned), isPinned(after, at.pinned)], [true, false]))),
  },
  'message:forward': [
    {
      send: ({ at, own }) => ({ messageId: at.message, toChatId: own.chat }),
      cells: members(outOf, refused('User does not have access to original message', 'FORBIDDEN')),
    },
    { send: ({ at, own }) => ({ messageId: own.message, toChatId: at.chat }), cells: members(into, TARGET) },
  ],
  'message:forward-multiple': [
    {
      send: ({ at, own }) => ({ messageIds: [at.message], toChatId: own.chat }),
      cells: members(outOf, reads(({ ack }) => assert.deepEqual(ack.messages, []))),
    },
    { send: ({ at, own }) => ({ messageIds: [own.message], toChatId: at.chat }), cells: members(into, TARGET) },
  ],
  'chat:get': {
    send: ({ people }) => ({ recipientId: people.mate.id }),
    cells: all(reads(({ own, ack }) => assert.equal(ack.chatId, own.chat))),
  },
  'chat:join': {
    send: chat,
    cells: members(does(async (it) => {
      const content = await it.scene.saySomething();
      await it.socket.hear('message', (heard) => heard.content === content);
    })),
  },
  'chat:leave': {
    prepare: async ({ socket, at, cell }) => cell.hadJoined && assert.equal((await socket.ask('chat:join', { chatId: at.chat })).status, 'ok'),
    send: chat,
    cells: members(
      {
        ...reads(async ({ scene, socket, ack }) => {
          assert.deepEqual(ack, { success: true });
          await scene.saySomething();
          await socket.settle();
          assert.deepEqual(socket.all('message'), []);
        }),
        hadJoined: true,
      },
      reads(({ ack }) => assert.deepEqual(ack, { success: true })),
    ),
  },
  'chat:get-pinned': { send: chat, cells: members(reads(({ at, ack }) => assert.deepEqual(ack.messages.map(({ id }) => id), [at.pinned]))) },
  'chat:create': {
    send: ({ people, role }) => ({ title: `Of ${role}`, participants: [people.mate.id] }),
    cells: all(does(({ who, people, ack, after, before }) => {
      for (const { id } of Object.values(people)) {
        const [old, fresh] = [before, after].map((state) => state.people[id].chats.length);
        assert.equal(fresh, [who.id, people.mate.id].includes(id) ? old + 1 : old);
      }
      assert.equal(ack.chat.members.find(({ userId }) => userId === who.id).role, 'admin');
    })),
  },
  'chat:update': {
    send: (it) => ({ ...chat(it), title: 'Renamed' }),
    cells: admins(does(({ after }) => assert.equal(after.group.title, 'Renamed'))),
  },
  'chat:retention': {
    send: (it) => ({ ...chat(it), maxCount: 1000 }),
    cells: admins(does(async ({ server, people, at, before, after }) => {
      assert.equal(after.group.lastSeq, before.group.lastSeq + 1);
      assert.deepEqual((await get(server, `/chats/${at.chat}/retention`, { token: people.mate.token })).body.own, { maxAgeMs: null, maxCount: 1000 });
    })),
  },
  'member:add': {
    send: (it) => oneself(it, it.people.stranger),
    cells: admins(does(({ people, before, after }) => assert.deepEqual([before, after].map((state) => isMember(state, people.stranger)), [false, true]))),
  },
  'member:remove': {
    send: (it) => oneself(it, it.role === 'member' ? it.people.admin : it.people.member),
    cells: admins(does(({ people, before, after }) => assert.deepEqual([before, after].map((state) => isMember(state, people.member)), [true, false]))),
  },
  'member:role': {
    // A member tries to become an admin.
    send: (it) => ({ ...oneself(it, it.people.member), role: 'admin' }),
    cells: admins(does(({ people, after }) => assert.equal(cursors(after, people.member).role, 'admin'))),
  },
  'member:leave': { send: chat, cells: members(does(({ who, before, after }) => assert.deepEqual([isMember(before, who), isMember(after, who)], [true, false]))) },
  'users:list': {
    send: () => ({}),
    cells: all(reads(({ people, ack }) => {
      for (const { id } of Object.values(people)) assert.ok(ack.users.some((person) => person.id === id));
    })),
  },
  'user:typing': {
    send: (it) => ({ ...chat(it), isTyping: true }),
    cells: members(reads(async ({ who, at, witness }) => {
      await witness.hear('user:typing', (heard) => heard.chatId === at.chat && heard.userId === who.id);
    })),
  },
  'user:get-online': { send: () => ({}), cells: all(reads(({ people, ack }) => assert.ok(ack.users.includes(people.mate.id)))) },
  'user:get-presence': [
    {
      send: ({ people }) => ({ userId: people.mate.id }),
      cells: all(reads(({ people, ack }) => assert.deepEqual([ack.presence.userId, ack.presence.status], [people.mate.id, 'online']))),
    },
    {
      // The admin shares a chat with the members alone.
      send: ({ at }) => ({ userId: at.admin }),
      cells: members(
        reads(({ at, ack }) => assert.deepEqual([ack.presence.userId, ack.presence.status], [at.admin, 'online'])),
        reads(({ ack }) => assert.equal(ack.presence, null)),
      ),
    },
  ],
  sync: {
    send: ({ at }) => ({ cursors: { [at.chat]: 0 } }),
    cells: members(
      does(({ at, ack }) => {
        assert.ok(ack.chats.some(({ id }) => id === at.chat));
        assert.ok(ack.events.some(({ event, data }) => event === 'message' && data.id === at.message));
      }),
      reads(({ at, ack }) => assert.ok(!JSON.stringify(ack).includes(at.chat))),
    ),
  },
};
