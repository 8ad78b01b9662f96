/** What stands in the composers. Survives a reload; the tabs of a browser agree on it. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { ChatId } from '../protocol/ChatId';
import { client } from './current';
import { readStored, writeStored } from './stored';

/** The drafts by chat; blank ones are left out. */
export const drafts = createStore<Record<ChatId, string>>(() => ({}));

/**
 * Whose they are. A composer keeps its last words as it goes away, and it does so when a session that
 * was ended elsewhere has taken the account away already.
 */
let owner: string | null = null;

const storedFor = (userId: string) => `zvon.drafts.${userId}`;

/** Whose drafts are shown. */
export const draftsOwner = (): string | null => owner;

export function useDraft(chatId: ChatId): string {
  return useStore(drafts, (all) => all[chatId] ?? '');
}

/** Keeps a chat's draft, unless those shown are no longer of the one who wrote it. */
export function setDraft(chatId: ChatId, text: string, writer = owner): void {
  if (writer === null || writer !== owner) return;
  if ((drafts.getState()[chatId] ?? '') === text) return;
  heardDraft(chatId, text);
  writeStored(storedFor(writer), drafts.getState());
  client()?.tellDraft(chatId, text);
}

/** Another tab's draft. */
export function heardDraft(chatId: ChatId, text: string): void {
  const { [chatId]: _before, ...others } = drafts.getState();
  drafts.setState(text ? { ...others, [chatId]: text } : others, true);
}

/** Someone signed in: shows what they left. */
export function restoreDrafts(userId: string): void {
  owner = userId;
  drafts.setState(readStored<Record<ChatId, string>>(storedFor(userId)) ?? {}, true);
}

/** Someone signed out: nothing of theirs stays. */
export function forgetDrafts(userId: string): void {
  owner = null;
  drafts.setState({}, true);
  writeStored(storedFor(userId), null);
}
