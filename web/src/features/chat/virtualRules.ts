/** The two rules that the virtual list is given: what keeps its place, and what stays in the page. */
import type { Range, VirtualItem, Virtualizer } from '@tanstack/react-virtual';

/**
 * Whether what is below a row must keep its place when the row turns out taller than guessed.
 *
 * A row that comes in from above while scrolling up is above what the reader looks at, even when a
 * part of it is already in view.
 */
export function keepsPlace(
  item: VirtualItem,
  _delta: number,
  list: Virtualizer<HTMLDivElement, Element>,
): boolean {
  const top = list.scrollOffset ?? 0;
  if (list.itemSizeCache.has(item.key)) return item.start + item.size <= top;
  const upwards = list.scrollDirection === 'backward';
  return item.start < top + (upwards ? (list.scrollRect?.height ?? 0) : 0);
}

/** What is in view and near it, and the row with the tab stop wherever that is. */
export function withActive(active: number) {
  return (range: Range) => {
    const first = Math.max(0, range.startIndex - range.overscan);
    const last = Math.min(range.count - 1, range.endIndex + range.overscan);
    const indexes = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    if (active >= 0 && active < range.count) {
      if (active < first) indexes.unshift(active);
      if (active > last) indexes.push(active);
    }
    return indexes;
  };
}
