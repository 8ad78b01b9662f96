/** The list of chats. */
import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { ChatId } from '../protocol/ChatId';
import type { UserId } from '../protocol/UserId';
import type { Held } from '../realtime/held';
import { lastActivity } from '../realtime/replica/derive';
import type { ChatReplica, Replica } from '../realtime/replica/model';
import { useHeld } from './current';
import { drafts } from './drafts';
import type { Chat } from './model';

export function useChats(): Chat[] {
  const chats = useHeld((held) => held.replica.chats);
  const names = useHeld((held) => held.replica.people);
  const pending = useHeld((held) => held.pending);
  const typing = useHeld((held) => held.typing);
  const me = useHeld((held) => held.replica.me);
  const written = useStore(drafts);
  return useMemo(() => {
    const all = { replica: { chats, people: names, me }, pending, typing };
    return Object.values(chats)
      .filter((chat) => isListed(chat, me, written))
      .map((chat) => chatOf(all, chat, written[chat.state.id] ?? ''))
      .sort((a, b) => b.lastActivity - a.lastActivity);
  }, [chats, names, pending, typing, me, written]);
}

export function useChatsReady(): boolean {
  return useHeld((held) => held.ready);
}

export function useChat(chatId: ChatId): Chat | null {
  const draft = useStore(drafts, (all) => all[chatId] ?? '');
  return useHeld((held) => {
    const chat = held.replica.chats[chatId];
    return chat ? chatOf(held, chat, draft) : null;
  });
}

export function useUnreadTotal(): number {
  return useHeld(({ replica }) =>
    Object.values(replica.chats).reduce((sum, chat) => sum + chat.state.unread, 0),
  );
}

/** A private chat that somebody else opened without a word is nothing to show. */
function isListed(chat: ChatReplica, me: UserId, written: Record<ChatId, string>): boolean {
  const { id, kind, lastMessage, createdBy } = chat.state;
  return kind === 'group' || lastMessage !== null || createdBy === me || id in written;
}

type Parts = Pick<Held, 'pending' | 'typing'> & {
  replica: Pick<Replica, 'chats' | 'people' | 'me'>;
};
type Inputs = readonly unknown[];

const MADE = new Map<ChatId, { inputs: Inputs; chat: Chat }>();

/** The chat for the screens; the same object while nothing of it changes. */
function chatOf(held: Parts, { state }: ChatReplica, draft: string): Chat {
  const { me, people } = held.replica;
  const peer = state.kind === 'private' ? peerOf(state.participants, me) : null;
  const named = state.members.find((member) => member.userId === peer)?.name;
  const name = state.title ?? named ?? (peer ? people[peer]?.name : undefined) ?? '';
  const unsent = held.pending[state.id]?.at(-1) ?? null;
  const typing = held.typing[state.id];
  const inputs: Inputs = [state, me, name, unsent, typing, draft];
  const made = MADE.get(state.id);
  if (made?.inputs.every((input, index) => input === inputs[index])) return made.chat;
  const role = state.members.find((member) => member.userId === me)?.role ?? 'member';
  const { id, kind, members, createdAt, createdBy, lastMessage, unread } = state;
  const chat: Chat = {
    id,
    kind,
    name,
    peerId: peer,
    members,
    role,
    createdAt,
    createdBy,
    lastMessage,
    unread,
    draft,
    lastPending: unsent,
    lastActivity: Math.max(lastActivity(state), unsent?.createdAt ?? 0),
    typing: [...(typing ?? [])],
  };
  MADE.set(id, { inputs, chat });
  return chat;
}

function peerOf(participants: readonly UserId[], me: UserId): UserId | null {
  return participants.find((id) => id !== me) ?? null;
}
