/** What is open over a chat: a menu, a dialog, a selection. */
import { type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Chat, Message, Timeline, TimelineItem, UserId } from '../../state';
import type { Place } from '../../ui/Menu';
import type { ListControl } from './MessageList';
import type { Screen } from './screen';
import { useJump } from './useJump';

/** The state of the screen of one chat. */
export interface ScreenState {
  screen: Screen;
  menu: { item: TimelineItem; place: Place } | null;
  closeMenu: () => void;
  readers: number | null;
  showReaders: (seq: number | null) => void;
  forwarding: Message[] | null;
  forward: (messages: Message[] | null) => void;
  /** Ids of the selected messages; `null` while nothing is being selected. */
  selection: ReadonlySet<string> | null;
  select: (ids: ReadonlySet<string> | null) => void;
  /** The selected messages in their order. */
  selected: Message[];
}

/** Fresh for every chat. */
export function useScreenState(
  chat: Chat,
  me: UserId,
  timeline: Timeline,
  list: RefObject<ListControl | null>,
): ScreenState {
  const [menu, setMenu] = useState<ScreenState['menu']>(null);
  const [readers, showReaders] = useState<number | null>(null);
  const [forwarding, forward] = useState<Message[] | null>(null);
  const [selection, select] = useState<ReadonlySet<string> | null>(null);
  const unfolded = useRef(new Set<string>());
  const members = useRef(chat.members);
  const { id: chatId, kind } = chat;
  const jump = useJump(chatId, list);
  useLayoutEffect(() => {
    members.current = chat.members;
  }, [chat.members]);

  const screen = useMemo<Screen>(
    () => ({
      chatId,
      kind,
      me,
      nameOf: (userId) => members.current.find((member) => member.userId === userId)?.name ?? '',
      openMenu: (item, place) => setMenu({ item, place }),
      jump,
      showReaders,
      forward: (item) => item.kind === 'message' && forward([item.message]),
      toggle: (item) => item.kind === 'message' && select((ids) => toggled(ids, item.message.id)),
      unfolded: unfolded.current,
    }),
    [chatId, kind, me, jump],
  );
  const selected = useMemo(
    () =>
      timeline.items.flatMap((item) =>
        item.kind === 'message' && selection?.has(item.message.id) ? [item.message] : [],
      ),
    [timeline.items, selection],
  );
  const closeMenu = useMemo(() => () => setMenu(null), []);
  return {
    screen,
    menu,
    closeMenu,
    readers,
    showReaders,
    forwarding,
    forward,
    selection,
    select,
    selected,
  };
}

function toggled(ids: ReadonlySet<string> | null, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}
