/** Following what is in view. */
import { type RefObject, useEffect, useRef } from 'react';
import type { Row } from './rows';

/** Looks at what is in view: after every change, while scrolling, and on coming back to the page. */
export function useInspection(
  inspect: () => void,
  scroller: RefObject<HTMLDivElement | null>,
): void {
  const latest = useRef(inspect);
  const soon = useRef(() => {});

  useEffect(() => {
    const node = scroller.current;
    let frame = 0;
    soon.current = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => latest.current());
    };
    const onChange = soon.current;
    node?.addEventListener('scroll', onChange, { passive: true });
    window.addEventListener('focus', onChange);
    document.addEventListener('visibilitychange', onChange);
    return () => {
      cancelAnimationFrame(frame);
      node?.removeEventListener('scroll', onChange);
      window.removeEventListener('focus', onChange);
      document.removeEventListener('visibilitychange', onChange);
    };
  }, [scroller]);
  useEffect(() => {
    latest.current = inspect;
    soon.current();
  }, [inspect]);
}

/** Keeps the end in view when the room for the list changes (a keyboard, a longer draft). */
export function useStaying(
  stuck: RefObject<boolean>,
  toEnd: () => void,
  scroller: RefObject<HTMLDivElement | null>,
): void {
  useEffect(() => {
    const node = scroller.current;
    if (!node) return;
    const observer = new ResizeObserver(() => {
      if (stuck.current) toEnd();
    });
    observer.observe(node);
    return () => observer.disconnect();
  }, [stuck, toEnd, scroller]);
}

/** The seq of the last stored message whose end is in view. */
export function lastSeen(node: HTMLElement, rows: Row[]): number | null {
  const bottom = node.getBoundingClientRect().bottom;
  let seen: number | null = null;
  for (const element of node.querySelectorAll<HTMLElement>('[data-index]')) {
    const row = rows[Number(element.dataset.index)];
    if (row?.kind !== 'message' || row.item.kind !== 'message') continue;
    if (element.getBoundingClientRect().bottom <= bottom + 8) {
      seen = Math.max(seen ?? 0, row.item.message.seq);
    }
  }
  return seen;
}
