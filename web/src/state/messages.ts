/** What is done to messages: write, retry, read, pin, forward. */
import type { ChatId } from '../protocol/ChatId';
import type { Message } from '../protocol/Message';
import type { MessageId } from '../protocol/MessageId';
import { done, failed, type Outcome } from '../realtime/problem';
import { call, client, current } from './current';
import { setDraft } from './drafts';
import { randomId } from './random-id';
import { jumpToLatest, noteSeen } from './views';

export function send(chatId: ChatId, content: string): void {
  const text = content.trim();
  if (!text) return;
  const clientId = randomId();
  void current.getState().starting?.then((client) => client.send(chatId, text, clientId));
  setDraft(chatId, '');
  void jumpToLatest(chatId);
}

export function retry(_chatId: ChatId, clientId: string): void {
  client()?.retry(clientId);
}

export function discard(_chatId: ChatId, clientId: string): void {
  client()?.discard(clientId);
}

export function markRead(chatId: ChatId, seq: number): void {
  noteSeen(chatId, seq);
  client()?.read(chatId, seq);
}

export function setTyping(chatId: ChatId, isTyping: boolean): void {
  client()?.typing(chatId, isTyping);
}

export async function pin(messageId: MessageId): Promise<Outcome> {
  return outcome(await call('message:pin', { messageId }));
}

export async function unpin(messageId: MessageId): Promise<Outcome> {
  return outcome(await call('message:unpin', { messageId }));
}

export async function forward(
  messageIds: MessageId[],
  toChatId: ChatId,
  comment?: string,
): Promise<Outcome> {
  const [messageId, ...more] = messageIds;
  if (!messageId) return failed({ code: 'invalid' });
  const note = comment?.trim() ? { additionalContent: comment.trim() } : {};
  const several = { messageIds, toChatId, ...note };
  if (more.length > 0) return outcome(await call('message:forward-multiple', several));
  const one = { messageId, toChatId, clientId: randomId(), ...note };
  return outcome(await call('message:forward', one));
}

/** Where the original of a forwarded message stands. */
export async function findOriginal(
  id: MessageId,
): Promise<Outcome<Pick<Message, 'chatId' | 'seq'>>> {
  const answer = await client()?.message(id);
  if (!answer) return failed({ code: 'offline' });
  if (answer.ok) return done({ chatId: answer.value.chatId, seq: answer.value.seq });
  return answer.problem.code === 'not-found' ? failed({ code: 'original-hidden' }) : answer;
}

/** Whether it happened, without what it answered. */
export function outcome(answer: Outcome<unknown>): Outcome {
  return answer.ok ? { ok: true, value: undefined } : answer;
}
