import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expired, ME, memberEvent, message, newChat, pinned, said, syncAck } from '../fixture';
import { applyPage, applySync, cursorsOf } from './adopt';
import { applyEvent } from './apply';
import { applyLogged, hasHole } from './log';
import { disturbed, historyAfter, log, unreadAfter } from './log.arbitrary';
import { emptyReplica, freshChat, type LoggedEvent, type Replica, withChat } from './model';
import { withPinned } from './pins';

const kept = { ...freshChat(newChat()), kept: true };
const before: Replica = { ...withChat(emptyReplica(ME), kept), epoch: 'epoch' };

const applied = (replica: Replica, events: readonly LoggedEvent[]) =>
  events.reduce<Replica>(applyEvent, replica);

const chatOf = (replica: Replica) => replica.chats.chat ?? expect.fail('the chat is gone');

describe('a chat that follows its log', () => {
  it('ends the same whatever the order and however often events come', () => {
    const cases = log.chain((events) => fc.tuple(fc.constant(events), disturbed(events, false)));
    fc.assert(
      fc.property(cases, ([events, heard]) => {
        expect(applied(before, heard)).toEqual(applied(before, events));
      }),
    );
  });

  it('ends the same when events are lost and a sync brings them', () => {
    const cases = log.chain((events) => fc.tuple(fc.constant(events), disturbed(events, true)));
    fc.assert(
      fc.property(cases, ([events, heard]) => {
        const expected = chatOf(applied(before, events));
        const partly = applied(before, heard);
        const cursor = cursorsOf(partly).chat ?? 0;
        const missed = events.filter((event) => event.data.seq > cursor);
        const ack = syncAck([expected.state], missed);
        expect(chatOf(applySync(partly, ack))).toEqual(expected);
      }),
    );
  });

  it('holds the messages, pins, unread count and head that the log says', () => {
    fc.assert(
      fc.property(log, (events) => {
        const { book, state, ahead } = chatOf(applied(before, events));
        expect(book.messages).toEqual(historyAfter(events));
        expect(state.lastMessage?.id).toBe(historyAfter(events).at(-1)?.id);
        expect(state.unread).toBe(unreadAfter(events));
        expect(state.lastSeq).toBe(events.length + 1);
        expect(ahead).toEqual([]);
      }),
    );
  });

  it('agrees with history whenever a page was asked for and whenever it arrived', () => {
    const cases = log.chain((events) => {
      const place = fc.nat(events.length);
      return fc.tuple(fc.constant(events), place, place);
    });
    fc.assert(
      fc.property(cases, ([events, one, other]) => {
        const [asked, arrived] = [Math.min(one, other), Math.max(one, other)];
        const page = {
          messages: historyAfter(events.slice(0, asked)),
          span: { from: 1, to: asked + 1 },
        };
        const there = applyPage(applied(before, events.slice(0, arrived)), 'chat', page);
        const { book } = chatOf(applied(there, events.slice(arrived)));
        expect(book.messages).toEqual(historyAfter(events));
        expect(book.spans).toEqual([{ from: 1, to: events.length + 1 }]);
      }),
    );
  });

  it('loses what expired, its pins and its unread count, and knows that nothing is there', () => {
    const pin = pinned(5, message(3), true);
    const held = applied(before, [said(2), said(3), said(4), pin]);
    const there = withPinned(chatOf(held), [message(3)]);
    const {
      book,
      state,
      pins,
      pinned: left,
    } = chatOf(applyEvent(withChat(held, there), expired(6, 3)));
    expect(book.messages.map(({ seq }) => seq)).toEqual([4]);
    expect(book.spans).toEqual([{ from: 1, to: 6 }]);
    expect([pins, left]).toEqual([{}, []]);
    expect(state).toMatchObject({ expiredSeq: 3, unread: 1, lastSeq: 6 });
    expect(state.lastMessage?.seq).toBe(4);
    const all = chatOf(applyEvent(withChat(held, chatOf(held)), expired(6, 4)));
    expect(all.state).toMatchObject({ unread: 0, lastMessage: null });
  });

  it('asks for the unread count if what expired was not all held', () => {
    const far = freshChat({ ...newChat(), lastSeq: 90, unread: 80, lastMessage: message(90) });
    const chat = applyLogged(far, ME, expired(91, 50)) ?? expect.fail();
    expect(chat.unsure).toBe(true);
    expect(chat.book.spans).toEqual([
      { from: 1, to: 50 },
      { from: 90, to: 91 },
    ]);
  });

  it('waits before a hole and knows that it has one', () => {
    const chat = applyLogged(kept, ME, said(3)) ?? expect.fail();
    expect(hasHole(chat)).toBe(true);
    expect(chat.state.unread).toBe(0);
    const whole = applyLogged(chat, ME, said(2)) ?? expect.fail();
    expect(hasHole(whole)).toBe(false);
    expect(whole.state).toMatchObject({ unread: 2, lastSeq: 3 });
  });

  it('is gone when one is removed, and back when one is added again', () => {
    const removed = applyEvent(before, memberEvent('member:removed', 2, ME));
    expect(removed.chats).toEqual({});
    const again = { ...newChat(), lastSeq: 3 };
    const back = applyEvent(removed, { event: 'chat:created', data: { chat: again } });
    expect(chatOf(back).state).toEqual(again);
    expect(chatOf(applyEvent(back, memberEvent('member:removed', 2, ME))).state).toEqual(again);
  });
});
