/** What the rows of an open chat share: which chat, oneself, and what may be done to a message. */
import { createContext, useContext } from 'react';
import type { ChatId, ChatKind, TimelineItem, UserId } from '../../state';
import type { Place } from '../../ui/Menu';

/** The same as long as the chat is open, so that no message is drawn again for another one. */
export interface Screen {
  chatId: ChatId;
  kind: ChatKind;
  me: UserId;
  /** The name of a member; empty for others. */
  nameOf: (userId: UserId) => string;
  openMenu: (item: TimelineItem, place: Place) => void;
  /** Goes to a message of this chat. */
  jump: (seq: number) => void;
  showReaders: (seq: number) => void;
  forward: (item: TimelineItem) => void;
  toggle: (item: TimelineItem) => void;
  /** Texts that were unfolded stay so while the chat is open. */
  unfolded: Set<string>;
}

/** Provided by the chat's page. */
export const ScreenContext = createContext<Screen | null>(null);

/** The open chat's screen. */
export function useScreen(): Screen {
  const screen = useContext(ScreenContext);
  if (!screen) throw new Error('outside of a chat');
  return screen;
}
