import 'fake-indexeddb/auto';
import { afterAll, afterEach, beforeAll, describe, expect, it, type Mock, vi } from 'vitest';
import type { Account } from '../protocol/Account';
import type { Message } from '../protocol/Message';
import { Client } from './client';
import { deliveryState } from './replica/derive';
import { Rest } from './rest';
import { TestServer, UNLIMITED } from './test-server';

const SOON = { timeout: 8000, interval: 20 };

/** Someone with a client. */
interface Someone {
  client: Client;
  account: Account;
  token: string;
  signedOut: Mock<(why: string | null) => void>;
}

let server: TestServer;
let open: Client[] = [];

async function register(name: string, at = server): Promise<Omit<Someone, 'client'>> {
  const email = `${name}-${Math.random().toString(36).slice(2)}@example.org`;
  const answer = await new Rest(at.url).signUp({ name, email, password: 'correct horse' });
  if (!answer.ok) throw new Error(answer.problem.code);
  return { account: answer.value.user, token: answer.value.accessToken, signedOut: vi.fn() };
}

async function connect(who: Omit<Someone, 'client'>, at = server): Promise<Someone> {
  const { token, account, signedOut } = who;
  const client = await Client.start({ url: at.url, token, me: account.id, onSignedOut: signedOut });
  open.push(client);
  await vi.waitFor(() => expect(client.cell.getState().line.state).toBe('online'), SOON);
  return { ...who, client };
}

const someone = async (name: string, at = server) => connect(await register(name, at), at);

async function privateChat(one: Someone, other: Someone): Promise<string> {
  const answer = await one.client.call('chat:get', { recipientId: other.account.id });
  if (!answer.ok) throw new Error(answer.problem.code);
  const { chatId } = answer.value;
  await vi.waitFor(() => expect(chat(other, chatId)).toBeDefined(), SOON);
  return chatId;
}

const chat = ({ client }: Someone, id: string) => client.cell.getState().replica.chats[id];
const texts = (who: Someone, id: string) => messages(who, id).map(({ content }) => content);
const messages = (who: Someone, id: string): readonly Message[] =>
  chat(who, id)?.book.messages ?? [];
const pending = ({ client }: Someone, id: string) => client.cell.getState().pending[id] ?? [];
const say = (who: Someone, id: string, text: string) =>
  who.client.send(id, text, crypto.randomUUID());

describe('a client of the real server', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterEach(async () => {
    await Promise.all(open.map((client) => client.close()));
    open = [];
  });

  afterAll(() => server.remove());

  it('hears what others say, tells that it was read, and sees who is there', async () => {
    const [ann, bob] = [await someone('Ann'), await someone('Bob')];
    const id = await privateChat(ann, bob);
    expect(ann.client.cell.getState().replica.people[bob.account.id]).toMatchObject({
      name: 'Bob',
      isOnline: true,
    });
    for (const text of ['one', 'two', 'three']) say(ann, id, text);
    await vi.waitFor(() => expect(texts(bob, id)).toEqual(['one', 'two', 'three']), SOON);
    expect(chat(bob, id)?.state.unread).toBe(3);
    const newest = messages(ann, id).at(-1)?.seq ?? 0;
    const delivery = () =>
      deliveryState(chat(ann, id)?.state ?? expect.fail(), ann.account.id, newest);
    await vi.waitFor(() => expect(delivery()).toBe('delivered'), SOON);
    bob.client.read(id, newest);
    expect(chat(bob, id)?.state.unread).toBe(0);
    await vi.waitFor(() => expect(delivery()).toBe('read'), SOON);
    expect(pending(ann, id)).toEqual([]);
  });

  it('comes back by itself after the server died, and loses and doubles nothing', async () => {
    const [ann, bob] = [await someone('Ann'), await someone('Bob')];
    const id = await privateChat(ann, bob);
    say(ann, id, 'before');
    await vi.waitFor(() => expect(texts(bob, id)).toEqual(['before']), SOON);
    await Promise.all([ann, bob].map(({ client }) => client.history.newest(id)));
    await server.stop('SIGKILL');
    await vi.waitFor(
      () => expect(ann.client.cell.getState().line.state).toBe('reconnecting'),
      SOON,
    );
    for (const text of ['a', 'b', 'c']) say(ann, id, text);
    await vi.waitFor(() => expect(pending(ann, id)).toHaveLength(3), SOON);
    say(bob, id, 'from bob');
    await server.resume();
    const told = ['before', 'a', 'b', 'c', 'from bob'].sort();
    for (const who of [ann, bob]) {
      await vi.waitFor(() => expect([...texts(who, id)].sort()).toEqual(told), {
        ...SOON,
        timeout: 20_000,
      });
    }
    const own = messages(bob, id).filter(({ senderId }) => senderId === ann.account.id);
    expect(own.map(({ content }) => content)).toEqual(['before', 'a', 'b', 'c']);
    expect(texts(ann, id)).toEqual(texts(bob, id));
  });

  it('sends after a reload what was written offline, once', async () => {
    const [ann, bob] = [await someone('Ann'), await someone('Bob')];
    const id = await privateChat(ann, bob);
    await server.stop('SIGKILL');
    await vi.waitFor(
      () => expect(ann.client.cell.getState().line.state).toBe('reconnecting'),
      SOON,
    );
    say(ann, id, 'kept');
    await vi.waitFor(() => expect(pending(ann, id)).toHaveLength(1), SOON);
    await ann.client.close();
    await server.resume();
    const again = await connect(ann);
    await vi.waitFor(() => expect(texts(bob, id)).toEqual(['kept']), { ...SOON, timeout: 20_000 });
    await vi.waitFor(() => expect(pending(again, id)).toEqual([]), SOON);
  });

  it('catches up with what it missed, from what it kept', async () => {
    const [ann, bob] = [await someone('Ann'), await someone('Bob')];
    const id = await privateChat(ann, bob);
    say(ann, id, 'pin me');
    await vi.waitFor(() => expect(messages(bob, id)).toHaveLength(1), SOON);
    await bob.client.history.newest(id);
    await bob.client.close();
    const [first] = messages(ann, id);
    await ann.client.call('message:pin', { messageId: first?.id ?? '' });
    say(ann, id, 'missed');
    await vi.waitFor(() => expect(pending(ann, id)).toEqual([]), SOON);
    const again = await connect(bob);
    await again.client.history.newest(id);
    await vi.waitFor(() => expect(texts(again, id)).toEqual(['pin me', 'missed']), SOON);
    expect(messages(again, id)[0]?.isPinned).toBe(true);
    expect(chat(again, id)?.state.unread).toBe(2);
  });

  it('loads the past page by page without a hole', async () => {
    const [ann, bob] = [await someone('Ann'), await someone('Bob')];
    const id = await privateChat(ann, bob);
    await ann.client.history.newest(id);
    const all = Array.from({ length: 250 }, (_, index) => `n${index}`);
    for (const text of all) say(ann, id, text);
    await vi.waitFor(() => expect(texts(ann, id)).toEqual(all), { ...SOON, timeout: 30_000 });
    await bob.client.close();
    indexedDB.deleteDatabase(`zvon-${bob.account.id}`);
    const fresh = await connect(bob);
    const { history } = fresh.client;
    await history.newest(id);
    const head = chat(fresh, id)?.state.lastSeq ?? 0;
    while ((chat(fresh, id)?.book.spans.length ?? 0) > 0 && messages(fresh, id).length < 250) {
      const before = messages(fresh, id).length;
      await history.older(id, head);
      expect(messages(fresh, id).length).toBeGreaterThan(before);
    }
    expect(texts(fresh, id)).toEqual(all);
    await history.older(id, head);
    expect(chat(fresh, id)?.book.spans).toEqual([{ from: 1, to: head }]);
  });

  it('follows a group through its life', async () => {
    const [ann, bob, cid] = [await someone('Ann'), await someone('Bob'), await someone('Cid')];
    const created = await ann.client.call('chat:create', {
      title: 'Crew',
      participants: [bob.account.id],
    });
    const id = created.ok ? created.value.chat.id : expect.fail();
    await vi.waitFor(() => expect(chat(bob, id)?.state.title).toBe('Crew'), SOON);
    await ann.client.call('chat:update', { chatId: id, title: 'Band' });
    await ann.client.call('member:add', { chatId: id, userId: cid.account.id });
    await vi.waitFor(() => expect(chat(bob, id)?.state.participants).toHaveLength(3), SOON);
    await vi.waitFor(() => expect(chat(cid, id)?.state.title).toBe('Band'), SOON);
    say(cid, id, 'hello');
    await vi.waitFor(() => expect(texts(ann, id)).toEqual(['hello']), SOON);
    await ann.client.call('member:remove', { chatId: id, userId: bob.account.id });
    await vi.waitFor(() => expect(chat(bob, id)).toBeUndefined(), SOON);
    await vi.waitFor(() => expect(chat(cid, id)?.state.participants).toHaveLength(2), SOON);
    const refused = await bob.client.call('message', { chatId: id, content: 'let me in' });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'not-a-member' } });
  });

  it('shows who types', async () => {
    const [ann, bob] = [await someone('Ann'), await someone('Bob')];
    const id = await privateChat(ann, bob);
    ann.client.typing(id, true);
    const typing = () => bob.client.cell.getState().typing[id] ?? [];
    await vi.waitFor(() => expect(typing()).toEqual([ann.account.id]), SOON);
    ann.client.typing(id, false);
    await vi.waitFor(() => expect(typing()).toEqual([]), SOON);
  });

  it('says so when the session is over', async () => {
    const ann = await someone('Ann');
    await new Rest(server.url, ann.token).signOut();
    await vi.waitFor(() => expect(ann.signedOut).toHaveBeenCalledWith('logout'), SOON);
    await ann.client.close();
    const signedOut = vi.fn();
    const { token, account } = ann;
    const late = await Client.start({
      url: server.url,
      token,
      me: account.id,
      onSignedOut: signedOut,
    });
    open.push(late);
    await vi.waitFor(() => expect(signedOut).toHaveBeenCalledWith('SESSION_REVOKED'), SOON);
  });

  it('waits when the server limits it, and keeps what it could not send', async () => {
    const strict = await TestServer.start({ ...UNLIMITED, ZVON_LIMITS__MESSAGES_PER_MINUTE: '3' });
    try {
      const [ann, bob] = [await someone('Ann', strict), await someone('Bob', strict)];
      const id = await privateChat(ann, bob);
      for (const text of ['1', '2', '3', '4', '5']) say(ann, id, text);
      await vi.waitFor(() => expect(ann.client.limits.until('message')).not.toBeNull(), SOON);
      await vi.waitFor(() => expect(texts(bob, id)).toEqual(['1', '2', '3']), SOON);
      expect(pending(ann, id).map(({ content, state }) => [content, state])).toEqual([
        ['4', 'waiting'],
        ['5', 'waiting'],
      ]);
    } finally {
      await strict.remove();
    }
  });
});
