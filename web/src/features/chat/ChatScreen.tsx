/** An open chat: head, pinned messages, the log, the composer, and the details beside it. */
import { type KeyboardEvent, useRef, useState } from 'react';
import type { Chat, Timeline, UserId } from '../../state';
import { ChatHeader } from './ChatHeader';
import { Composer } from './Composer';
import { Details } from './details/Details';
import { ForwardDialog } from './ForwardDialog';
import { Log } from './Log';
import type { ListControl } from './MessageList';
import { MessageMenu } from './MessageMenu';
import { PinnedBar } from './PinnedBar';
import { ReadersDialog } from './ReadersDialog';
import { SelectionBar } from './SelectionBar';
import { ScreenContext } from './screen';
import { useScreenState } from './useScreenState';

interface Props {
  chat: Chat;
  timeline: Timeline;
  me: UserId;
}

/** Everything of one chat; the parts share a [`Screen`]. */
export function ChatScreen({ chat, timeline, me }: Props) {
  const list = useRef<ListControl>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const [details, setDetails] = useState(false);
  const state = useScreenState(chat, me, timeline, list);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    if (state.selection) state.select(null);
    else if (details) setDetails(false);
    else {
      if (composer.current !== document.activeElement) composer.current?.focus();
      if (!list.current?.isAtEnd()) list.current?.toLatest();
    }
    event.preventDefault();
  };

  return (
    <ScreenContext value={state.screen}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Esc works from everywhere within. */}
      <div className="chat" data-details={details} onKeyDown={onKeyDown}>
        <ChatHeader chat={chat} details={details} onDetails={() => setDetails(!details)} />
        <div className="chat-body">
          <PinnedBar chatId={chat.id} list={list} />
          <Log chat={chat} me={me} timeline={timeline} selection={state.selection} ref={list} />
          {state.selection ? (
            <SelectionBar
              messages={state.selected}
              onForward={() => state.forward(state.selected)}
              onCancel={() => state.select(null)}
            />
          ) : (
            <Composer
              key={chat.id}
              chatId={chat.id}
              ref={composer}
              onSent={() => list.current?.toLatest()}
              onLastOwn={() => list.current?.focusLastOwn()}
            />
          )}
        </div>
        {details && <Details chat={chat} me={me} onClose={() => setDetails(false)} />}
      </div>
      {state.menu && <MessageMenu {...state.menu} state={state} />}
      {state.readers !== null && (
        <ReadersDialog chat={chat} seq={state.readers} onClose={() => state.showReaders(null)} />
      )}
      {state.forwarding && (
        <ForwardDialog messages={state.forwarding} onClose={() => state.forward(null)} />
      )}
    </ScreenContext>
  );
}
