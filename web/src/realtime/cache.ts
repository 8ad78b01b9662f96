/**
 * What was loaded, kept in the browser's database: the list shows at once after a reload, and what
 * was read can be read again offline. The leading tab writes it; every tab reads it.
 *
 * A chat's record, its spans and its messages change in one transaction, so what is read is always
 * a state that the replica was in. Losing all of it costs nothing but loading.
 */
import type { ChatId } from '../protocol/ChatId';
import type { ChatState } from '../protocol/ChatState';
import type { Message } from '../protocol/Message';
import { readPage } from './cached-page';
import { answerOf, transact } from './db';
import type { Page } from './replica/book';
import { type ChatReplica, freshChat, type Known, type Replica } from './replica/model';
import { messageOf } from './replica/pins';
import { addSpan, type Span, spanAt } from './replica/spans';
import type { Want } from './rest';

/** A chat as it is kept. `spans` are those of the kept messages. */
export interface KeptChat {
  id: ChatId;
  state: ChatState;
  pinned: readonly Message[] | null;
  kept: boolean;
  spans: readonly Span[];
}

/** The cache of one account. */
export class Cache {
  readonly #database: IDBDatabase;
  #spans = new Map<ChatId, readonly Span[]>();
  /** What has been written of each chat. */
  #written = new Map<ChatId, ChatReplica>();
  readonly #writtenMessages = new WeakSet<Message>();
  #epoch: string | null = null;
  #people: Replica['people'] | null = null;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** What was kept when the client was last here. */
  async read(empty: Replica): Promise<Replica> {
    const [kept, epoch, people] = await transact(
      this.#database,
      ['chats', 'meta'],
      'readonly',
      (store) =>
        Promise.all([
          answerOf(store('chats').getAll()) as Promise<KeptChat[]>,
          answerOf(store('meta').get('epoch')) as Promise<string | undefined>,
          answerOf(store('meta').get('people')) as Promise<Record<string, Known> | undefined>,
        ]),
    );
    this.#epoch = epoch ?? null;
    const chats: Record<ChatId, ChatReplica> = {};
    for (const { id, state, pinned, kept: isKept, spans } of kept) {
      chats[id] = { ...freshChat(state), pinned, kept: isKept };
      this.#spans.set(id, spans);
      this.#written.set(id, chats[id]);
    }
    return { ...empty, epoch: this.#epoch, chats, people: offline(people ?? {}) };
  }

  /** This tab writes from now on: what the one before it has kept since counts. */
  async takeOver(): Promise<void> {
    const [kept, epoch] = await transact(this.#database, ['chats', 'meta'], 'readonly', (store) =>
      Promise.all([
        answerOf(store('chats').getAll()) as Promise<KeptChat[]>,
        answerOf(store('meta').get('epoch')) as Promise<string | undefined>,
      ]),
    );
    this.#spans = new Map(kept.map(({ id, spans }) => [id, spans]));
    this.#epoch = epoch ?? null;
  }

  /** A page of what is kept of this epoch, if it is kept there. */
  async page(chat: ChatId, want: Want, limit: number, epoch: string | null): Promise<Page | null> {
    const page = await transact(
      this.#database,
      ['chats', 'messages', 'meta'],
      'readonly',
      async (store) => {
        const of = (await answerOf(store('meta').get('epoch'))) as string | undefined;
        const kept = (await answerOf(store('chats').get(chat))) as KeptChat | undefined;
        if (!kept || (epoch !== null && of !== epoch)) return null;
        return await readPage(store('messages'), kept, want, limit);
      },
    );
    for (const message of page?.messages ?? []) this.#writtenMessages.add(message);
    return page;
  }

  /** Writes what changed since the last time. */
  async write(replica: Replica): Promise<void> {
    const { chats, epoch, people } = replica;
    const changed = Object.values(chats).filter(
      (chat) => this.#written.get(chat.state.id) !== chat,
    );
    const gone = [...this.#written.keys()].filter((id) => !chats[id]);
    const spans = new Map(changed.map((chat) => [chat.state.id, this.#spansOf(chat, epoch)]));
    await transact(this.#database, ['chats', 'messages', 'meta'], 'readwrite', (store) => {
      if (epoch !== this.#epoch) store('messages').clear();
      for (const id of gone) {
        store('chats').delete(id);
        store('messages').delete(rangeOf(id));
      }
      for (const chat of changed) {
        if (this.#isRestarted(chat)) store('messages').delete(rangeOf(chat.state.id));
        else this.#dropExpired(store('messages'), chat);
        this.#writeChat(store, chat, spans.get(chat.state.id) ?? []);
      }
      store('meta').put(epoch, 'epoch');
      if (people !== this.#people) store('meta').put(people, 'people');
    });
    for (const [id, kept] of spans) this.#spans.set(id, kept);
    for (const id of gone) this.#spans.delete(id);
    this.#written = new Map(Object.entries(chats));
    this.#epoch = epoch;
    this.#people = people;
  }

  #isRestarted(chat: ChatReplica): boolean {
    const written = this.#written.get(chat.state.id);
    return written !== undefined && written.era !== chat.era;
  }

  /** Of chats that nobody has looked at, only the state is kept. */
  #spansOf(chat: ChatReplica, epoch: string | null): readonly Span[] {
    if (!chat.kept) return [];
    const isNew = epoch !== this.#epoch || this.#isRestarted(chat);
    const kept = isNew ? [] : (this.#spans.get(chat.state.id) ?? []);
    return chat.book.spans.reduce<readonly Span[]>(addSpan, kept);
  }

  /** What the chat does not keep is not kept here. */
  #dropExpired(messages: IDBObjectStore, { state: { id, expiredSeq } }: ChatReplica): void {
    const before = this.#written.get(id)?.state.expiredSeq ?? 0;
    if (expiredSeq > before) messages.delete(IDBKeyRange.bound([id], [id, expiredSeq]));
  }

  #writeChat(
    store: (name: 'chats' | 'messages') => IDBObjectStore,
    chat: ChatReplica,
    spans: readonly Span[],
  ): void {
    const { state, pinned, kept } = chat;
    const record: KeptChat = { id: state.id, state, pinned, kept, spans };
    store('chats').put(record);
    for (const message of kept ? chat.book.messages : []) {
      if (this.#writtenMessages.has(message)) continue;
      store('messages').put(message);
      this.#writtenMessages.add(message);
    }
    const before = this.#written.get(state.id)?.pins ?? {};
    for (const notice of Object.values(chat.pins)) {
      const isNews = before[notice.id] !== notice && spanAt(spans, notice.messageSeq);
      if (isNews) store('messages').put(messageOf(notice));
    }
  }
}

function rangeOf(chat: ChatId): IDBKeyRange {
  return IDBKeyRange.bound([chat], [chat, []]);
}

function offline(people: Record<string, Known>): Record<string, Known> {
  const entries = Object.values(people).map((known) => [known.id, { ...known, isOnline: false }]);
  return Object.fromEntries(entries);
}
