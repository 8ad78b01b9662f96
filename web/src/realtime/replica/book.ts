/**
 * What is held of a chat's messages: those of some spans of its log, ascending by seq, each once.
 * Unchanged messages stay the same objects.
 */
import type { Message } from '../../protocol/Message';
import { addSpan, type Span } from './spans';

/** Messages, and the spans of the log they are all the messages of. */
export interface Book {
  readonly messages: readonly Message[];
  readonly spans: readonly Span[];
}

/** A stretch of history: all messages of a span. */
export interface Page {
  readonly messages: readonly Message[];
  readonly span: Span;
}

/** Nothing is held. */
export const EMPTY_BOOK: Book = { messages: [], spans: [] };

/** The book with a page more. Where both have a message, the page's is newer. */
export function addPage(book: Book, page: Page): Book {
  return {
    messages: merge(book.messages, page.messages),
    spans: addSpan(book.spans, page.span),
  };
}

/** The book one event further; a message if the event was one. */
export function extend(book: Book, seq: number, message: Message | null): Book {
  const spans = addSpan(book.spans, { from: seq, to: seq });
  if (!message) return { ...book, spans };
  const newest = book.messages.at(-1);
  const ascends = !newest || newest.seq < message.seq;
  return {
    messages: ascends ? [...book.messages, message] : merge(book.messages, [message]),
    spans,
  };
}

/** The book with one message changed, if it is held. */
export function replace(book: Book, seq: number, change: (held: Message) => Message): Book {
  const index = firstFrom(book.messages, seq);
  const held = book.messages[index];
  if (!held || held.seq !== seq) return book;
  return { ...book, messages: book.messages.with(index, change(held)) };
}

/** The newest messages of a book, so many at most. */
export function newestPart(book: Book, most: number): Book {
  const messages = book.messages.slice(-most);
  const from = messages[0]?.seq;
  if (from === undefined || messages.length === book.messages.length) return book;
  const rest = book.spans.filter((span) => span.to >= from);
  const spans = rest.map((span) => ({ from: Math.max(span.from, from), to: span.to }));
  return { messages, spans };
}

/** The messages of a span. */
export function slice(book: Book, span: Span): readonly Message[] {
  return book.messages.slice(
    firstFrom(book.messages, span.from),
    firstFrom(book.messages, span.to + 1),
  );
}

/** The index of the first message with this seq or more. */
export function firstFrom(messages: readonly Message[], seq: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle] as Message).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(held: readonly Message[], added: readonly Message[]): Message[] {
  const merged: Message[] = [];
  let [i, j] = [0, 0];
  while (i < held.length || j < added.length) {
    const [a, b] = [held[i], added[j]];
    if (a && (!b || a.seq < b.seq)) merged.push(a);
    else if (b) merged.push(a && a.seq === b.seq && isSame(a, b) ? a : b);
    if (a && (!b || a.seq <= b.seq)) i += 1;
    if (b && (!a || b.seq <= a.seq)) j += 1;
  }
  return merged;
}

/** Nothing else of a message changes; its status follows from the members' cursors. */
function isSame(a: Message, b: Message): boolean {
  return a.id === b.id && a.isPinned === b.isPinned && a.pinnedAt === b.pinnedAt;
}
