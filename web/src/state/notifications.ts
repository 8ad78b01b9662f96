/** Tells of messages while nobody looks. */
import type { ChatId } from '../protocol/ChatId';
import type { ServerEvent } from '../protocol/ServerEvent';
import { client, held } from './current';
import { settings } from './settings';

/** Most characters of a message that a notification shows. */
const LONGEST = 160;

let open: (chatId: ChatId) => void = () => {};

export function onOpenChat(how: (chatId: ChatId) => void): void {
  open = how;
}

/** Shows a message of someone else's, if no tab is in view and the user wants it. */
export async function notify(event: ServerEvent): Promise<void> {
  if (event.event !== 'message' || !mayNotify()) return;
  const { replica } = held();
  const { chatId, senderId, content } = event.data;
  if (senderId === replica.me) return;
  if ((await client()?.isAnyTabInView()) || !mayNotify()) return;
  const name = replica.people[senderId]?.name ?? '';
  const title = replica.chats[chatId]?.state.title;
  const notification = new Notification(title ? `${name} · ${title}` : name, {
    body: content.slice(0, LONGEST),
    tag: chatId,
  });
  notification.onclick = () => {
    window.focus();
    open(chatId);
    notification.close();
  };
}

function mayNotify(): boolean {
  if (!settings.getState().notifications || !('Notification' in globalThis)) return false;
  return document.hidden && Notification.permission === 'granted';
}
