/** The messages of a chat: a log that one scrolls, or walks over with the arrow keys. */
import { type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { useLanguage } from '../../i18n';
import { type ChatId, jumpToLatest, type Timeline, type UserId } from '../../state';
import { FloatingDate } from './FloatingDate';
import { JumpButton } from './JumpButton';
import { LogRow } from './LogRow';
import { buildRows } from './rows';
import { useRoving } from './useRoving';
import { useTimelineScroll } from './useTimelineScroll';

/** What the rest of the screen asks of the list. */
export interface ListControl {
  /** To the newest message, whether it is loaded or not. */
  toLatest: () => void;
  /** Shows a loaded message for a moment. */
  show: (seq: number) => void;
  focusLastOwn: () => void;
  isAtEnd: () => boolean;
}

interface Props {
  chatId: ChatId;
  /** With whom. */
  name: string;
  timeline: Timeline;
  me: UserId;
  selection: ReadonlySet<string> | null;
  ref: Ref<ListControl>;
}

/** How long a message that was jumped to is marked (ms). */
const HIGHLIGHT = 2000;

/** Mount it anew for every generation of the timeline. */
export function MessageList({ chatId, name, timeline, me, selection, ref }: Props) {
  const { t } = useLanguage();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => buildRows(timeline, me), [timeline, me]);
  const [highlight, setHighlight] = useState(() =>
    typeof timeline.target === 'object' ? timeline.target.seq : null,
  );
  const roving = useRoving(rows, scroller);
  const list = useTimelineScroll(chatId, timeline, rows, roving.active, scroller);
  const { virtualizer, atEnd, settled, goTo, toEnd } = list;

  useEffect(() => {
    if (highlight === null) return;
    const timer = setTimeout(() => setHighlight(null), HIGHLIGHT);
    return () => clearTimeout(timer);
  }, [highlight]);

  const toLatest = () => {
    if (timeline.hasNewer) void jumpToLatest(chatId);
    else toEnd();
  };
  useImperativeHandle(ref, () => ({
    toLatest,
    show: (seq) => {
      goTo(seq);
      setHighlight(seq);
    },
    focusLastOwn: () => roving.focus(roving.lastOwn(), virtualizer),
    isAtEnd: () => atEnd,
  }));

  // What comes in from above is not news, from the first turn of the wheel on.
  const goingUp = virtualizer.isScrolling && virtualizer.scrollDirection === 'backward';
  const busy = !atEnd || goingUp || timeline.loadingOlder || timeline.loadingNewer;
  return (
    <div className="log-box">
      {timeline.loadingOlder && (
        <p className="log-loading log-loading-older">{t('chat.loadingOlder')}</p>
      )}
      {timeline.loadingNewer && (
        <p className="log-loading log-loading-newer">{t('chat.loadingNewer')}</p>
      )}
      <div
        ref={scroller}
        className="log scroll"
        role="log"
        aria-live="polite"
        aria-relevant="additions"
        aria-busy={busy}
        aria-label={t('chat.messagesWith', { name })}
        onKeyDown={(event) => roving.onKeyDown(event, virtualizer, toLatest)}
        onFocus={roving.onFocus}
      >
        <div ref={virtualizer.containerRef} className="log-rows" data-settled={settled}>
          {virtualizer.getVirtualItems().map(({ index, key }) => {
            const row = rows[index];
            return (
              row && (
                <div
                  key={key}
                  ref={virtualizer.measureElement}
                  data-index={index}
                  className="log-row"
                >
                  <LogRow
                    row={row}
                    tabbable={index === roving.active}
                    highlight={highlight}
                    selection={selection}
                  />
                </div>
              )
            );
          })}
        </div>
      </div>
      <FloatingDate
        row={rows[virtualizer.range?.startIndex ?? -1]}
        scrolling={virtualizer.isScrolling && !atEnd}
      />
      {!atEnd && <JumpButton unread={timeline.unread} onClick={toLatest} />}
    </div>
  );
}
