// What screens must end with.
import assert from 'node:assert/strict';
import { get, until } from '../harness/index.mjs';

/** All messages of a chat as the store has them. */
export async function stored(server, person, chatId) {
  const all = [];
  for (;;) {
    const after = all.at(-1)?.seq ?? 0;
    const { body } = await get(server, `/chats/${chatId}/messages?after=${after}&limit=1000`, { token: person.token });
    all.push(...body);
    if (body.length < 1000) return all;
  }
}

/** Cuts the screen's connection; over polling there may be none at this very moment. */
export async function cutOff(proxy, { socket }) {
  if (!socket.connected) return;
  const gone = new Promise((resolve) => socket.once('disconnect', resolve));
  const cutting = setInterval(() => proxy.cut(), 10);
  proxy.cut();
  await gone;
  clearInterval(cutting);
}

/** A screen shows what the store has, from its first message on: each once, in order, with its status. */
export async function showsAll(server, screen) {
  const all = await stored(server, screen.person, screen.chatId);
  const last = all.at(-1).id;
  const state = () => `${screen.ids.length} shown of ${all.length}; recoveries ${screen.recoveries.join()}; ${screen.errors.slice(-3).join('; ')}`;
  await until(() => screen.ids.includes(last), state);
  assert.equal(new Set(screen.ids).size, screen.ids.length, 'something stands there twice');
  const from = all.findIndex(({ id }) => id === screen.ids[0]);
  assert.deepEqual(screen.ids, all.slice(from).map(({ id }) => id), state());
  const status = new Map(all.map((message) => [message.id, message.status]));
  const own = screen.shown.filter(({ senderId }) => senderId === screen.person.id).slice(-50);
  await until(() => own.every((message) => message.status === status.get(message.id)), () => 'the ticks of its own messages');
  return all.slice(from);
}
