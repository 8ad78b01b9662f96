/** Reading a page of history out of the cache, as the server would have given it. */
import type { ChatId } from '../protocol/ChatId';
import type { Message } from '../protocol/Message';
import type { Page } from './replica/book';
import { type Span, spanAt } from './replica/spans';
import type { Want } from './rest';

/** What is kept of a chat. */
interface Kept {
  id: ChatId;
  spans: readonly Span[];
}

/** A page, if the place it starts at is kept; it ends where the kept span does. */
export async function readPage(
  messages: IDBObjectStore,
  { id, spans }: Kept,
  want: Want,
  limit: number,
): Promise<Page | null> {
  const span = spanAt(spans, startOf(want));
  if (!span) return null;
  const read = (from: number, to: number, direction: 'prev' | 'next', most: number) =>
    walk(messages, IDBKeyRange.bound([id, from], [id, to]), direction, most);
  if ('before' in want) {
    const found = await read(span.from, want.before - 1, 'prev', limit);
    const from = found.length < limit ? span.from : oldest(found, span.from);
    return { messages: found.reverse(), span: { from, to: want.before - 1 } };
  }
  if ('after' in want) {
    const found = await read(want.after + 1, span.to, 'next', limit);
    const to = found.length < limit ? span.to : (found.at(-1)?.seq ?? span.to);
    return { messages: found, span: { from: want.after + 1, to } };
  }
  const half = Math.ceil(limit / 2);
  const older = await read(span.from, want.around, 'prev', half);
  const newer = want.around < span.to ? await read(want.around + 1, span.to, 'next', half) : [];
  const from = older.length < half ? span.from : oldest(older, span.from);
  const to = newer.length < half ? span.to : (newer.at(-1)?.seq ?? span.to);
  return { messages: [...older.reverse(), ...newer], span: { from, to } };
}

function startOf(want: Want): number {
  if ('before' in want) return want.before - 1;
  return 'after' in want ? want.after + 1 : want.around;
}

function oldest(descending: readonly Message[], otherwise: number): number {
  return descending.at(-1)?.seq ?? otherwise;
}

function walk(
  messages: IDBObjectStore,
  range: IDBKeyRange,
  direction: 'prev' | 'next',
  limit: number,
): Promise<Message[]> {
  const request = messages.openCursor(range, direction);
  const found: Message[] = [];
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error ?? new Error('the database refused'));
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor) found.push(cursor.value as Message);
      if (cursor && found.length < limit) cursor.continue();
      else resolve(found);
    };
  });
}
