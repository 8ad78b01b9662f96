/** The list is one tab stop: ↑ ↓ Home End move over its messages. */
import {
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Row } from './rows';

interface Scrolling {
  scrollToIndex(index: number, options: { align: 'auto' }): void;
}

/** `active` is the index of the row with the tab stop: the last message until another was visited. */
export function useRoving(rows: Row[], scroller: RefObject<HTMLDivElement | null>) {
  const [key, setKey] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const active = useMemo(() => {
    const at = key === null ? -1 : rows.findIndex((row) => row.key === key);
    return at >= 0 ? at : lastOf(rows, () => true);
  }, [rows, key]);

  useEffect(() => {
    if (wanted.current === null || wanted.current !== key) return;
    const selector = `[data-index="${active}"] article`;
    const frame = requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
      wanted.current = null;
    });
    return () => cancelAnimationFrame(frame);
  });

  const focus = (index: number, list: Scrolling | null) => {
    const row = rows[index];
    if (row?.kind !== 'message') return;
    wanted.current = row.key;
    setKey(row.key);
    list?.scrollToIndex(index, { align: 'auto' });
    const node = scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] article`);
    node?.focus({ preventScroll: true });
    if (node && node === document.activeElement) wanted.current = null;
  };

  const onKeyDown = (event: KeyboardEvent, list: Scrolling, toLatest: () => void) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!(event.target instanceof HTMLElement) || event.target.tagName !== 'ARTICLE') return;
    const next = {
      ArrowUp: () => step(rows, active, -1),
      ArrowDown: () => step(rows, active, 1),
      Home: () => step(rows, -1, 1),
      End: () => lastOf(rows, () => true),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    if (event.key === 'End') toLatest();
    focus(next(), event.key === 'End' ? null : list);
  };

  const onFocus = (event: FocusEvent) => {
    const index = event.target.closest<HTMLElement>('[data-index]')?.dataset.index;
    const row = rows[Number(index)];
    if (row) setKey(row.key);
  };

  const lastOwn = () => lastOf(rows, (row) => row.kind === 'message' && row.own);
  return { active, focus, onKeyDown, onFocus, lastOwn };
}

function step(rows: Row[], from: number, by: 1 | -1): number {
  let index = from + by;
  while (index >= 0 && index < rows.length && rows[index]?.kind !== 'message') index += by;
  return index;
}

function lastOf(rows: Row[], fits: (row: Row) => boolean): number {
  return rows.findLastIndex((row) => row.kind === 'message' && fits(row));
}
