/**
 * From the loaded part of a chat to the rows of its list.
 *
 * A row of a message depends on the message before it, and nothing above a loaded row ever changes
 * its height: while there is more above, the topmost message waits for the one before it to come.
 */
import type { Timeline, TimelineItem, UserId } from '../../state';

/** A message and its place among its neighbours. */
export interface MessageRow {
  kind: 'message';
  key: string;
  item: TimelineItem;
  own: boolean;
  /** The first, the last of those that one sender sent in one go. */
  first: boolean;
  last: boolean;
}

/** One row of the list. */
export type Row =
  | MessageRow
  | { kind: 'date'; key: string; at: number }
  | { kind: 'new'; key: string };

/** How long a pause may be within a group (ms). */
const GROUP = 5 * 60_000;

/** What is needed to place an item; computed once for each. */
interface Facts {
  at: number;
  day: number;
  sender: UserId | null;
  seq: number;
}

const facts = new WeakMap<TimelineItem, Facts>();
const rows = new WeakMap<TimelineItem, MessageRow>();

/** Every row; an unchanged row is the same object as before. */
export function buildRows(
  timeline: Pick<Timeline, 'items' | 'hasOlder' | 'firstUnreadSeq'>,
  me: UserId,
): Row[] {
  const { items, hasOlder, firstUnreadSeq } = timeline;
  const out: Row[] = [];
  let before = hasOlder && items.length > 1 && items[0] ? factsOf(items[0], me) : null;
  let marked = firstUnreadSeq === null;

  let i = before ? 1 : 0;
  let item = items[i];
  let here = item && factsOf(item, me);
  while (item && here) {
    if (here.day !== before?.day) out.push({ kind: 'date', key: `date ${here.day}`, at: here.at });
    const isNew = !marked && firstUnreadSeq !== null && here.seq >= firstUnreadSeq;
    if (isNew) {
      out.push({ kind: 'new', key: 'new' });
      marked = true;
    }
    i += 1;
    const next = items[i];
    const after = next && factsOf(next, me);
    const first = isNew || !before || !together(before, here);
    const last = !after || !together(here, after);
    out.push(rowOf(item, here.sender === me, first, last));
    before = here;
    here = after;
    item = next;
  }
  return out;
}

/** The index of the row of a message, or of the first one after it. */
export function indexOfSeq(list: readonly Row[], seq: number): number {
  return list.findIndex((row) => row.kind === 'message' && seqOf(row.item) >= seq);
}

/** The place in the log; what is not sent yet comes after everything. */
export function seqOf(item: TimelineItem): number {
  return item.kind === 'message' ? item.message.seq : Number.POSITIVE_INFINITY;
}

/** What the item says. */
export function contentOf(item: TimelineItem): string {
  return item.kind === 'message' ? item.message.content : item.pending.content;
}

/** When it was said (ms since the epoch). */
export function timeOf(item: TimelineItem): number {
  return item.kind === 'message' ? Date.parse(item.message.createdAt) : item.pending.createdAt;
}

function together(a: Facts, b: Facts): boolean {
  return a.sender === b.sender && a.day === b.day && b.at - a.at < GROUP;
}

function factsOf(item: TimelineItem, me: UserId): Facts {
  let known = facts.get(item);
  if (!known) {
    const at = timeOf(item);
    const sender = item.kind === 'message' ? item.message.senderId : me;
    known = { at, day: new Date(at).setHours(0, 0, 0, 0), sender, seq: seqOf(item) };
    facts.set(item, known);
  }
  return known;
}

function rowOf(item: TimelineItem, own: boolean, first: boolean, last: boolean): MessageRow {
  const known = rows.get(item);
  if (known && known.own === own && known.first === first && known.last === last) return known;
  const row: MessageRow = { kind: 'message', key: item.key, item, own, first, last };
  rows.set(item, row);
  return row;
}
