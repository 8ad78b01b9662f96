import { describe, expect, it } from 'vitest';
import { CHAT, ME, message, newChat, said, syncAck } from '../fixture';
import { applyPage, applySync } from './adopt';
import { applyEvent } from './apply';
import { delivery, deliveryState, firstUnread, stretchAt } from './derive';
import { emptyReplica } from './model';

const synced = applySync(emptyReplica(ME), syncAck([newChat()]));
const sent = applyEvent(synced, said(2, ME));
const cursor = (userId: string, deliveredSeq: number, readSeq: number) =>
  ({ event: 'chat:cursor', data: { chatId: CHAT, userId, deliveredSeq, readSeq } }) as const;
const stateOf = (replica: typeof sent) => replica.chats.chat?.state ?? expect.fail();

describe('the delivery of a message to a group', () => {
  it('is the least of the other members', () => {
    const one = applyEvent(sent, cursor('ann', 2, 2));
    expect(deliveryState(stateOf(one), ME, 2)).toBe('sent');
    const both = applyEvent(one, cursor('bob', 2, 1));
    expect(deliveryState(stateOf(both), ME, 2)).toBe('delivered');
    expect(delivery(stateOf(both), ME, 2)).toEqual({
      state: 'delivered',
      readBy: ['ann'],
      deliveredTo: ['bob'],
      of: 2,
    });
    expect(deliveryState(stateOf(applyEvent(both, cursor('bob', 2, 2))), ME, 2)).toBe('read');
  });

  it('never goes back', () => {
    const read = applyEvent(applyEvent(sent, cursor('ann', 2, 2)), cursor('ann', 1, 1));
    expect(delivery(stateOf(read), ME, 2).readBy).toEqual(['ann']);
  });

  it('follows from an answer: who writes has read', () => {
    const answered = applyEvent(sent, said(3, 'ann'));
    expect(delivery(stateOf(answered), ME, 2).readBy).toEqual(['ann']);
  });

  it('follows from a message that came out as delivered', () => {
    const there = applyEvent(synced, said(2, ME, { status: 'DELIVERED' }));
    expect(deliveryState(stateOf(there), ME, 2)).toBe('delivered');
  });

  it('is not more than sent when nobody else is there', () => {
    const alone = applySync(emptyReplica(ME), syncAck([newChat([])]));
    expect(deliveryState(stateOf(alone), ME, 1)).toBe('sent');
  });
});

describe('what is shown', () => {
  it('starts to be unread after the cursor', () => {
    expect(firstUnread(stateOf(synced))).toBeNull();
    expect(firstUnread(stateOf(applyEvent(synced, said(2))))).toBe(2);
  });

  it('is the stretch around the anchor, and says whether there is more', () => {
    const far = applySync(
      emptyReplica(ME),
      syncAck([{ ...newChat(), lastSeq: 90, lastMessage: message(90) }]),
    );
    const messages = [message(40), message(41)];
    const loaded = applyPage(far, CHAT, { messages, span: { from: 40, to: 41 } });
    const { book } = loaded.chats.chat ?? expect.fail();
    expect(stretchAt(book, 90, 40)).toEqual({
      messages,
      from: 40,
      to: 41,
      hasOlder: true,
      hasNewer: true,
    });
    expect(stretchAt(book, 90, 90)).toMatchObject({ hasNewer: false, hasOlder: true });
    expect(stretchAt(book, 90, 60)).toBeNull();
  });
});
