/** Where a message list opens: at the end, at the first unread message, or at a given one. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Timeline } from '../../state';
import { guessHeight } from './rowHeight';
import { indexOfSeq, type Row } from './rows';

type Target = Timeline['target'];

interface Scrolling {
  scrollToEnd(): void;
  scrollToIndex(index: number, options: { align: 'start' }): void;
}

/** Lists shorter than this (px) may not scroll at all. */
const SHORT = 1200;

/** Where the first frame is drawn, by guessed heights, so that nothing is seen to move. */
export function openingOffset(target: Target, rows: Row[], width: number, top: number): number {
  let total = top;
  const ends = rows.map((row) => {
    total += guessHeight(row, width);
    return total;
  });
  if (total < SHORT) return 0;
  const index = targetIndex(target, rows);
  if (index < 0) return total;
  const start = (ends[index - 1] ?? top) - top;
  return typeof target === 'object' ? Math.max(0, start - window.innerHeight / 3) : start;
}

/** Goes there exactly, once. `false` for the two frames in which guesses become true heights. */
export function useOpening(
  target: Target,
  rows: Row[],
  list: Scrolling,
  goTo: (seq: number) => unknown,
): boolean {
  const opened = useRef(false);
  const [settled, setSettled] = useState(false);
  useLayoutEffect(() => {
    if (opened.current || rows.length === 0) return;
    opened.current = true;
    const index = targetIndex(target, rows);
    if (index < 0) list.scrollToEnd();
    else if (typeof target === 'object') goTo(target.seq);
    else list.scrollToIndex(index, { align: 'start' });
  }, [target, rows, list, goTo]);
  useEffect(() => {
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => setSettled(true));
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return settled;
}

/** The row to open at; -1 for the end. */
function targetIndex(target: Target, rows: Row[]): number {
  if (typeof target === 'object') return indexOfSeq(rows, target.seq);
  return target === 'end' ? -1 : rows.findIndex((row) => row.kind === 'new');
}
