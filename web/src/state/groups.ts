/** Opening chats, and what is done to groups. */
import type { ChatId } from '../protocol/ChatId';
import type { Role } from '../protocol/Role';
import type { UserId } from '../protocol/UserId';
import { done, type Outcome } from '../realtime/problem';
import { call, client, held } from './current';
import { outcome } from './messages';

export async function openPrivate(userId: UserId): Promise<Outcome<ChatId>> {
  const known = privateWith(userId);
  if (known) return done(known);
  const answer = await call('chat:get', { recipientId: userId });
  return answer.ok ? done(answer.value.chatId) : answer;
}

export async function createGroup(title: string, participants: UserId[]): Promise<Outcome<ChatId>> {
  const answer = await call('chat:create', { title: title.trim(), participants });
  if (!answer.ok) return answer;
  client()?.heard({ event: 'chat:created', data: { chat: answer.value.chat } });
  return done(answer.value.chat.id);
}

export async function renameGroup(chatId: ChatId, title: string): Promise<Outcome> {
  return outcome(await call('chat:update', { chatId, title: title.trim() }));
}

export async function addMember(chatId: ChatId, userId: UserId): Promise<Outcome> {
  return outcome(await call('member:add', { chatId, userId }));
}

export async function removeMember(chatId: ChatId, userId: UserId): Promise<Outcome> {
  return outcome(await call('member:remove', { chatId, userId }));
}

export async function leaveChat(chatId: ChatId): Promise<Outcome> {
  return outcome(await call('member:leave', { chatId }));
}

export async function setRole(chatId: ChatId, userId: UserId, role: Role): Promise<Outcome> {
  return outcome(await call('member:role', { chatId, userId, role }));
}

function privateWith(userId: UserId): ChatId | null {
  const chats = Object.values(held().replica.chats);
  const found = chats.find(
    ({ state }) => state.kind === 'private' && state.participants.includes(userId),
  );
  return found?.state.id ?? null;
}
