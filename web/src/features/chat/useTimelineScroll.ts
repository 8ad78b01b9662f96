/**
 * How the message list scrolls.
 *
 * It opens where the timeline says and then only the reader moves it: pages that come in above or
 * below, and texts that turn out taller than guessed, leave what is in view where it is. New
 * messages pull along only a reader who is at the end.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type ChatId, loadNewer, loadOlder, markRead, type Timeline } from '../../state';
import { lastSeen, useInspection, useStaying } from './inView';
import { openingOffset, useOpening } from './opening';
import { guessHeight } from './rowHeight';
import { indexOfSeq, type Row } from './rows';
import { keepsPlace, withActive } from './virtualRules';

/** Closer to the end than this (px) counts as being there. */
const NEAR_END = 48;
/** Room above the first row: for the pinned bar and for the note that more is loading. */
const TOP = 60;

/** `active` is the index of the row that holds the tab stop: it stays in the page. */
export function useTimelineScroll(
  chatId: ChatId,
  timeline: Timeline,
  rows: Row[],
  active: number,
  scroller: RefObject<HTMLDivElement | null>,
) {
  const [atEnd, setAtEnd] = useState(timeline.target === 'end' && !timeline.hasNewer);
  const stuck = useRef(atEnd);
  const hadNewer = useRef(timeline.hasNewer);
  const width = scroller.current?.clientWidth ?? Math.min(window.innerWidth, 900);

  const virtualizer = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    estimateSize: (index) => {
      const row = rows[index];
      return row ? guessHeight(row, width) : 40;
    },
    rangeExtractor: useMemo(() => withActive(active), [active]),
    overscan: 10,
    initialOffset: () => openingOffset(timeline.target, rows, width, TOP),
    paddingStart: TOP,
    paddingEnd: 12,
    scrollPaddingStart: TOP,
    anchorTo: 'end',
    followOnAppend: !timeline.hasNewer && !hadNewer.current,
    scrollEndThreshold: NEAR_END,
    directDomUpdates: true,
    directDomUpdatesMode: 'position',
  });
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = keepsPlace;

  const inspect = useCallback(() => {
    const node = scroller.current;
    if (!node) return;
    const below = node.scrollHeight - node.scrollTop - node.clientHeight;
    stuck.current = !timeline.hasNewer && below <= NEAR_END;
    setAtEnd(stuck.current);
    const reach = node.clientHeight * 2;
    if (timeline.hasOlder && !timeline.loadingOlder && node.scrollTop < reach)
      void loadOlder(chatId);
    if (timeline.hasNewer && !timeline.loadingNewer && below < reach) void loadNewer(chatId);
    if (document.visibilityState === 'visible' && document.hasFocus()) {
      const seq = lastSeen(node, rows);
      if (seq !== null) markRead(chatId, seq);
    }
  }, [chatId, timeline, rows, scroller]);

  const goTo = useCallback(
    (seq: number) => {
      const index = indexOfSeq(rows, seq);
      if (index >= 0) virtualizer.scrollToIndex(index, { align: 'center' });
      return rows[index]?.key ?? null;
    },
    [rows, virtualizer],
  );
  const toEnd = useCallback(() => virtualizer.scrollToEnd(), [virtualizer]);

  const settled = useOpening(timeline.target, rows, virtualizer, goTo);
  useLayoutEffect(() => {
    hadNewer.current = timeline.hasNewer;
  }, [timeline.hasNewer]);
  useInspection(inspect, scroller);
  useStaying(stuck, toEnd, scroller);

  return { virtualizer, atEnd, settled, goTo, toEnd };
}
