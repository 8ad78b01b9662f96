/** Random logs for property tests, and what must be true after them, counted the naive way. */
import fc from 'fast-check';
import type { Message } from '../../protocol/Message';
import { expired, ME, memberEvent, message, pinned, renamed } from '../fixture';
import type { LoggedEvent } from './model';

type Deed =
  | { do: 'say'; who: string; status: Message['status'] }
  | { do: 'pin'; which: number; pinned: boolean }
  | { do: 'rename'; title: string }
  | { do: 'expire'; which: number }
  | { do: 'join' | 'leave' | 'promote'; who: string };

const who = fc.constantFrom(ME, 'ann', 'bob');
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      who,
      status: fc.constantFrom('SENT' as const, 'DELIVERED' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pin' as const),
      which: fc.nat(),
      pinned: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), title: fc.string() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('join' as const, 'leave' as const, 'promote' as const),
      who: fc.constantFrom('cid', 'dan'),
    }),
  },
);

/** A log after the chat's creation, dense from seq 2 on. */
export const log: fc.Arbitrary<LoggedEvent[]> = fc
  .array(deed, { minLength: 1, maxLength: 40 })
  .map((deeds) => {
    const said: Message[] = [];
    return deeds.map((deed, index) => eventOf(deed, index + 2, said));
  });

/** The events in any order, some of them several times, some never. */
export function disturbed(events: LoggedEvent[], mayLose: boolean): fc.Arbitrary<LoggedEvent[]> {
  const times = fc.array(fc.integer({ min: mayLose ? 0 : 1, max: 3 }), {
    minLength: events.length,
    maxLength: events.length,
  });
  return times
    .map((counts) => events.flatMap((event, index) => Array(counts[index]).fill(event)))
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));
}

/** The messages of a log as the server's history gives them after it. */
export function historyAfter(events: readonly LoggedEvent[]): Message[] {
  const messages = new Map<string, Message>();
  for (const { event, data } of events) {
    if (event === 'message') messages.set(data.id, data);
    if (event === 'messages:expired') {
      for (const { id, seq } of messages.values()) if (seq <= data.uptoSeq) messages.delete(id);
    }
    if (event !== 'message:pinned' && event !== 'message:unpinned') continue;
    const held = messages.get(data.id);
    const { isPinned, pinnedAt, pinnedBy } = data;
    if (held) messages.set(data.id, { ...held, isPinned, pinnedAt, pinnedBy });
  }
  return [...messages.values()];
}

/** Messages of others after one's own last word, as far as they are there. */
export function unreadAfter(events: readonly LoggedEvent[]): number {
  const said = events.filter(({ event }) => event === 'message').map(({ data }) => data as Message);
  const last = said.findLast(({ senderId }) => senderId === ME)?.seq ?? 0;
  return historyAfter(events).filter(({ seq }) => seq > last).length;
}

function eventOf(deed: Deed, seq: number, said: Message[]): LoggedEvent {
  switch (deed.do) {
    case 'say': {
      const data = message(seq, deed.who, { status: deed.status });
      said.push(data);
      return { event: 'message', data };
    }
    case 'pin': {
      const target = said[deed.which % said.length];
      return target ? pinned(seq, target, deed.pinned) : renamed(seq, 'nothing to pin');
    }
    case 'expire': {
      const target = said.splice(0, 1 + (deed.which % Math.max(said.length, 1))).at(-1);
      return target ? expired(seq, target.seq) : renamed(seq, 'nothing to expire');
    }
    case 'rename':
      return renamed(seq, deed.title);
    case 'join':
      return memberEvent('member:added', seq, deed.who);
    case 'leave':
      return memberEvent('member:left', seq, deed.who);
    case 'promote':
      return memberEvent('member:changed', seq, deed.who, 'admin');
  }
}
