// A group, those who are something to it, and everything about them that is stored.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { call, claimsOf, connect, get, now, post, registerAll, sign, signIn } from '../../harness/index.mjs';

/** The scene of one row: its people; each case has a group of its own. */
export async function makeScene(server) {
  const [admin, member, former, stranger, mate] = await registerAll(server, 'Admin', 'Member', 'Former', 'Stranger', 'Mate');
  const [host, witness] = [await connect(server, admin, { reconnection: false }), await connect(server, mate)];
  await witness.ask('sync', { cursors: {} });
  const scene = new Scene(server, { admin, member, former, stranger, mate }, host, witness);
  for (const person of [admin, member, former, stranger]) await scene.befriend(person);
  const old = await signIn(server, admin);
  await post(server, '/auth/logout', { token: old.token });
  scene.over = old.token;
  return scene;
}

class Scene {
  /** The ids of this case's group, and of what is in it. */
  at = {};
  /** What each has with the mate: `{chat, message}`. */
  own = {};

  /** So much is looked at that connections are worth keeping. */
  #agent = new Agent({ keepAlive: true });

  constructor(server, people, host, witness) {
    Object.assign(this, { server, people, host, witness });
  }

  async befriend(person) {
    const { token, id } = person;
    const { body: { id: chat } } = await post(this.server, '/chats', { token, body: { userId: this.people.mate.id } });
    const { body: message } = await post(this.server, `/chats/${chat}/messages`, { token, body: { content: 'between us' } });
    this.own[id] = { chat, message: message.id };
  }

  /** A group with two messages of the mate's, one of them pinned, and someone removed. */
  async newGroup() {
    const { admin, member, former, mate } = this.people;
    // The session it came with may have ended in the last case.
    if (!this.host.io.connected) this.host = await connect(this.server, admin, { reconnection: false });
    const { chat: { id: chat } } = await this.host.ask('chat:create', { title: 'Group', participants: [member.id, former.id, mate.id] });
    const message = await this.witness.ask('message', { chatId: chat, content: 'of the group' });
    const pinned = await this.witness.ask('message', { chatId: chat, content: 'pinned' });
    await this.witness.ask('message:pin', { messageId: pinned.id });
    assert.equal((await this.host.ask('member:remove', { chatId: chat, userId: former.id })).status, 'ok');
    this.at = { chat, message: message.id, seq: message.seq, pinned: pinned.id, admin: admin.id };
  }

  /** Who acts in a role, and by which token. Those without a good one would be an admin. */
  async actor(role, fresh) {
    const { admin, [role]: person = admin } = this.people;
    if (role === 'revoked') return { role, who: admin, token: this.over };
    if (role === 'expired') return { role, who: admin, token: sign({ ...claimsOf(admin.token), iat: now() - 120, exp: now() - 60 }) };
    if (role === 'nobody') return { role, who: admin };
    return { role, who: person, token: fresh ? (await signIn(this.server, person)).token : person.token };
  }

  /** A message of the mate's in the group, which whoever listens hears. */
  async saySomething() {
    const content = `for members only ${randomUUID()}`;
    await post(this.server, `/chats/${this.at.chat}/messages`, { token: this.people.mate.token, body: { content } });
    return content;
  }

  /** Everything that could have been changed. `token` is another one of `who`. */
  async snapshot({ who, token } = {}) {
    const people = Object.values(this.people).map((person) => this.#of(person, person === who ? token : undefined));
    const { chats } = await this.witness.ask('sync', { cursors: {} });
    const group = chats.find(({ id }) => id === this.at.chat);
    return {
      people: Object.fromEntries(await Promise.all(people)),
      group: group && { title: group.title, members: group.members, lastSeq: group.lastSeq },
      history: (await this.#get(`/chats/${this.at.chat}/messages`, this.people.mate.token)).body,
    };
  }

  async #of(person, other) {
    const look = (token) => Promise.all(['/auth/sessions', '/chats'].map((path) => this.#get(path, token)));
    let [sessions, chats] = await look(person.token);
    if (sessions.status === 401 && other) [sessions, chats] = await look(other);
    assert.deepEqual([sessions.status, chats.status], [200, 200], `${person.name} can look`);
    return [person.id, { sessions: sessions.body.map(({ id }) => id).sort(), chats: chats.body }];
  }

  #get(path, token) {
    return get(this.server, path, { token, agent: this.#agent });
  }

  close() {
    this.#agent.destroy();
    for (const socket of [this.host, this.witness]) socket.close();
  }
}

/** The same names, and nothing behind them. */
export const nowhere = (at) => Object.fromEntries(Object.entries(at).map(([name, id]) => [name, typeof id === 'string' ? randomUUID() : id]));

/** One call of a route. */
export const ask = (server, name, { path = {}, query = '', body }, token) => {
  const [method, template] = name.split(' ');
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, key) => path[key]);
  return call(server, method, `${filled}${query}`, { token, body });
};
