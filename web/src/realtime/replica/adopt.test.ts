import { describe, expect, it } from 'vitest';
import { CHAT, ME, message, newChat, said, syncAck, timeOf } from '../fixture';
import { applyClosed, applyPage, applySync, cursorsOf } from './adopt';
import { applyEvent, applyReach } from './apply';
import { emptyReplica, type Replica } from './model';

const state = (lastSeq: number, unread: number, readSeq = 1) => ({
  ...newChat(),
  lastSeq,
  unread,
  readSeq,
  deliveredSeq: readSeq,
  members: newChat().members.map((m) =>
    m.userId === ME ? { ...m, readSeq, deliveredSeq: readSeq } : m,
  ),
  lastMessage: message(lastSeq),
});
const synced = (lastSeq: number, unread: number): Replica =>
  applySync(emptyReplica(ME), syncAck([state(lastSeq, unread)]));
const withPage = (replica: Replica, from: number, to: number): Replica => {
  const messages = Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
  return applyPage(replica, CHAT, { messages, span: { from, to } });
};

describe('sync', () => {
  it('asks for the events of those chats of which pages are held', () => {
    expect(cursorsOf(synced(9, 3))).toEqual({});
    expect(cursorsOf(withPage(synced(9, 3), 5, 9))).toEqual({ chat: 9 });
  });

  it('drops what is held of a chat with a gap', () => {
    const held = withPage(synced(9, 3), 2, 9);
    const after = applySync(held, syncAck([state(5000, 4000)], [], { gaps: [CHAT] }));
    expect(after.chats.chat?.book.spans).toEqual([{ from: 5000, to: 5000 }]);
    expect(after.chats.chat?.era).toBe((held.chats.chat?.era ?? 0) + 1);
  });

  it('drops everything when the epoch changes', () => {
    const held = withPage(synced(9, 3), 2, 9);
    const after = applySync(held, syncAck([state(4, 1)], [], { epoch: 'another' }));
    expect(after.chats.chat?.book.messages.map(({ seq }) => seq)).toEqual([4]);
    expect(after.epoch).toBe('another');
  });

  it('drops chats that one is no member of', () => {
    expect(applySync(synced(9, 3), syncAck([])).chats).toEqual({});
  });

  it('restarts a chat whose missed events did not come', () => {
    const held = withPage(synced(9, 3), 2, 9);
    const after = applySync(held, syncAck([state(12, 6)], [said(12)]));
    expect(after.chats.chat?.book.spans).toEqual([{ from: 12, to: 12 }]);
    expect(after.chats.chat?.ahead).toEqual([]);
  });

  it('keeps what was read here while offline', () => {
    const read = applyReach(withPage(synced(9, 8), 2, 9), CHAT, {
      userId: ME,
      delivered: 9,
      read: 7,
    });
    expect(read.chats.chat?.state.unread).toBe(2);
    const after = applySync(read, syncAck([state(9, 8)]));
    expect(after.chats.chat?.state).toMatchObject({ readSeq: 7, unread: 2 });
  });

  it('takes over what was read elsewhere', () => {
    const after = applySync(withPage(synced(9, 8), 2, 9), syncAck([state(9, 1, 8)]));
    expect(after.chats.chat?.state).toMatchObject({ readSeq: 8, unread: 1 });
  });

  it('knows the members by name, and who is online', () => {
    const replica = applySync(emptyReplica(ME), syncAck([newChat()], [], { online: ['ann'] }));
    expect(replica.people.ann).toMatchObject({ name: 'ANN', isOnline: true });
    expect(replica.people.bob).toMatchObject({ name: 'BOB', isOnline: false });
    const gone = { userId: 'ann', isOnline: false, lastSeen: timeOf(5) };
    const later = applyEvent(replica, { event: 'user:status', data: gone });
    expect(later.people.ann).toMatchObject({ isOnline: false, lastSeen: Date.parse(timeOf(5)) });
  });
});

describe('unread messages', () => {
  it('are counted anew from what is held', () => {
    const held = withPage(synced(9, 8), 5, 9);
    const read = applyReach(held, CHAT, { userId: ME, delivered: 0, read: 6 });
    expect(read.chats.chat).toMatchObject({ unsure: false, state: { unread: 3, deliveredSeq: 6 } });
  });

  it('are unsure when what is held does not tell', () => {
    const held = withPage(synced(100, 99), 90, 95);
    const read = applyReach(held, CHAT, { userId: ME, delivered: 0, read: 50 });
    expect(read.chats.chat).toMatchObject({ unsure: true, state: { unread: 99 } });
    expect(applySync(read, syncAck([state(100, 50, 50)])).chats.chat?.unsure).toBe(false);
  });

  it('do not grow by a message that was read elsewhere before it arrived here', () => {
    const read = applyReach(withPage(synced(9, 8), 2, 9), CHAT, {
      userId: ME,
      delivered: 0,
      read: 10,
    });
    const heard = applyEvent(read, said(10));
    expect(heard.chats.chat?.state.unread).toBe(0);
  });
});

describe('what is held of a chat', () => {
  const arrived = (replica: Replica, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => said(from + index)).reduce<Replica>(
      applyEvent,
      replica,
    );

  it('is little while nobody looks at it', () => {
    const { book, state } = arrived(synced(9, 8), 10, 400).chats.chat ?? expect.fail();
    expect(book.messages).toHaveLength(100);
    expect(book.spans).toEqual([{ from: 301, to: 400 }]);
    expect(state.unread).toBe(399);
  });

  it('is all of it while somebody does, and its newest part afterwards', () => {
    const open = arrived(withPage(synced(9, 8), 2, 9), 10, 400);
    expect(open.chats.chat?.book.messages).toHaveLength(399);
    const closed = applyClosed(open, CHAT);
    expect(closed.chats.chat?.book.spans).toEqual([{ from: 201, to: 400 }]);
    expect(closed.chats.chat?.book.messages[0]?.seq).toBe(201);
  });
});
