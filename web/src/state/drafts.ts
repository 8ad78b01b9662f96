/** What stands in the composers. Survives a reload; the tabs of a browser agree on it. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { ChatId } from '../protocol/ChatId';
import { client, me } from './current';
import { readStored, writeStored } from './stored';

/** The drafts by chat; blank ones are left out. */
export const drafts = createStore<Record<ChatId, string>>(() => ({}));

const storedFor = (userId: string) => `zvon.drafts.${userId}`;

export function useDraft(chatId: ChatId): string {
  return useStore(drafts, (all) => all[chatId] ?? '');
}

export function setDraft(chatId: ChatId, text: string): void {
  if ((drafts.getState()[chatId] ?? '') === text) return;
  heardDraft(chatId, text);
  writeStored(storedFor(me()), drafts.getState());
  client()?.tellDraft(chatId, text);
}

/** Another tab's draft. */
export function heardDraft(chatId: ChatId, text: string): void {
  const { [chatId]: _before, ...others } = drafts.getState();
  drafts.setState(text ? { ...others, [chatId]: text } : others, true);
}

/** Someone signed in: shows what they left. */
export function restoreDrafts(userId: string): void {
  drafts.setState(readStored<Record<ChatId, string>>(storedFor(userId)) ?? {}, true);
}

/** Someone signed out: nothing of theirs stays. */
export function forgetDrafts(userId: string): void {
  drafts.setState({}, true);
  writeStored(storedFor(userId), null);
}
