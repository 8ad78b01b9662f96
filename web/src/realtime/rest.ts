/** The REST half of the contract: accounts, and pages of history. Nothing here throws. */
import type { Account } from '../protocol/Account';
import type { Analytics } from '../protocol/Analytics';
import type { ChangePassword } from '../protocol/ChangePassword';
import type { ChatId } from '../protocol/ChatId';
import type { Login } from '../protocol/Login';
import type { Message } from '../protocol/Message';
import type { MessageId } from '../protocol/MessageId';
import type { Register } from '../protocol/Register';
import type { SessionId } from '../protocol/SessionId';
import type { SessionView } from '../protocol/SessionView';
import type { SignedIn } from '../protocol/SignedIn';
import { done, failed, type Outcome, problemOf, type Refused } from './problem';
import type { Page } from './replica/book';

/** Which page of a chat's history. */
export type Want = { before: number } | { after: number } | { around: number };

/** A refusal with what a limit says. */
type Answer<T> = Outcome<T> & { retryAfterMs?: number; status?: number };

/** REST calls to one server. */
export class Rest {
  readonly #url: string;
  readonly #token: string | null;
  readonly #onUnauthorized: () => void;

  constructor(url: string, token: string | null = null, onUnauthorized: () => void = () => {}) {
    this.#url = url;
    this.#token = token;
    this.#onUnauthorized = onUnauthorized;
  }

  signUp(form: Register): Promise<Answer<SignedIn>> {
    return this.#send('POST', '/auth/register', form);
  }

  signIn(form: Login): Promise<Answer<SignedIn>> {
    return this.#send('POST', '/auth/login', form);
  }

  signOut(): Promise<Answer<null>> {
    return this.#send('POST', '/auth/logout');
  }

  me(): Promise<Answer<Account>> {
    return this.#send('GET', '/auth/me');
  }

  /** All of the account's live sessions, last used first. */
  sessions(): Promise<Answer<SessionView[]>> {
    return this.#send('GET', '/auth/sessions');
  }

  /** Ends a session; from the answer on it can write no more. */
  endSession(id: SessionId): Promise<Answer<null>> {
    return this.#send('DELETE', `/auth/sessions/${id}`);
  }

  /** Ends all sessions but this one. */
  endOtherSessions(): Promise<Answer<null>> {
    return this.#send('DELETE', '/auth/sessions');
  }

  /** Changes the password; all sessions but this one end. */
  changePassword(form: ChangePassword): Promise<Answer<null>> {
    return this.#send('POST', '/auth/password', form);
  }

  /** A page of history. `head` is the newest seq known before asking. */
  async history(chat: ChatId, want: Want, limit: number, head: number): Promise<Answer<Page>> {
    const query = new URLSearchParams({ ...asText(want), limit: `${limit}` });
    const answer = await this.#send<Message[]>('GET', `/chats/${chat}/messages?${query}`);
    return answer.ok ? done(pageOf(answer.value, want, limit, head)) : answer;
  }

  /** One message of a chat of one's own. */
  message(id: MessageId): Promise<Answer<Message>> {
    return this.#send('GET', `/messages/${id}`);
  }

  /** What was counted on each of these days; for operators. */
  analytics(range: { from: string; to: string }): Promise<Answer<Analytics>> {
    return this.#send('GET', `/api/analytics?${new URLSearchParams(range)}`);
  }

  /** The same as CSV. */
  analyticsFile(range: { from: string; to: string }): Promise<Answer<string>> {
    const path = `/api/analytics.csv?${new URLSearchParams(range)}`;
    return this.#send('GET', path, undefined, (text) => text);
  }

  async #send<T>(
    method: string,
    path: string,
    body?: unknown,
    read: (text: string) => unknown = asJson,
  ): Promise<Answer<T>> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    if (body) headers['content-type'] = 'application/json';
    try {
      const signal = AbortSignal.timeout(15_000);
      const init: RequestInit = { method, headers, signal };
      if (body) init.body = JSON.stringify(body);
      const response = await fetch(this.#url + path, init);
      const text = await response.text();
      if (response.ok) return done(read(text) as T);
      const refusal = asJson(text) as Refused | null;
      if (response.status === 401 && this.#token) this.#onUnauthorized();
      return refused(response.status, refusal);
    } catch (error) {
      const isSilence = error instanceof DOMException && error.name === 'TimeoutError';
      return failed({ code: isSilence ? 'timeout' : 'offline' });
    }
  }
}

/** The span of the log that a page covers: a page shorter than asked for reached an end. */
export function pageOf(messages: Message[], want: Want, limit: number, head: number): Page {
  const first = messages[0]?.seq;
  const last = messages.at(-1)?.seq;
  const end = Math.max(head, last ?? 0);
  if ('before' in want) {
    const from = messages.length < limit ? 1 : (first ?? 1);
    return { messages, span: { from, to: Math.min(want.before - 1, end) } };
  }
  if ('after' in want) {
    const to = messages.length < limit ? end : (last ?? end);
    return { messages, span: { from: want.after + 1, to } };
  }
  const upto = messages.filter((message) => message.seq <= want.around).length;
  const isStart = upto < Math.ceil(limit / 2);
  const isEnd = messages.length - upto < Math.floor(limit / 2);
  return {
    messages,
    span: { from: isStart ? 1 : (first ?? 1), to: isEnd ? end : Math.max(last ?? 0, want.around) },
  };
}

function asJson(text: string): unknown {
  return text ? JSON.parse(text) : null;
}

function asText(want: Want): Record<string, string> {
  return Object.fromEntries(Object.entries(want).map(([key, seq]) => [key, `${seq}`]));
}

function refused(status: number, body: Refused | null): Answer<never> {
  const code = body?.code ?? (status === 401 ? 'UNAUTHORIZED' : 'UNAVAILABLE');
  const known = { ...body, code: status === 429 ? 'RATE_LIMITED' : code } as const;
  const answer: Answer<never> = { ...failed(problemOf(known)), status };
  if (known.retryAfterMs !== undefined) answer.retryAfterMs = known.retryAfterMs;
  return answer;
}
