/** A guess at the height of a row before it is measured, good enough for the scroll bar. */
import { isEmojiOnly } from './richText';
import { contentOf, type Row } from './rows';

/** As in the styles: a line of text, the padding of a bubble, the space around it. */
const LINE = 20;
const PADDING = 14;
const CHARACTER = 7.4;
/** Longer texts fold. */
export const FOLD_LINES = 20;

const guesses = new WeakMap<Row, { width: number; height: number }>();

/** In whole pixels, for a list of this width. */
export function guessHeight(row: Row, width: number): number {
  const known = guesses.get(row);
  if (known && known.width === width) return known.height;
  const height = guess(row, width);
  guesses.set(row, { width, height });
  return height;
}

function guess(row: Row, width: number): number {
  if (row.kind !== 'message') return 40;
  const space = row.first ? 8 : 2;
  const text = contentOf(row.item);
  if (text.length < 32 && isEmojiOnly(text)) return space + 44 + PADDING;
  const perLine = Math.max(12, Math.floor((Math.min(width - 72, 480) - 24) / CHARACTER));
  let lines = 0;
  for (let from = 0; from <= text.length && lines < FOLD_LINES; ) {
    const end = text.indexOf('\n', from);
    const length = (end < 0 ? text.length : end) - from;
    lines += Math.max(1, Math.ceil(length / perLine));
    from = end < 0 ? text.length + 1 : end + 1;
  }
  const folded = lines >= FOLD_LINES;
  return space + PADDING + Math.min(lines, FOLD_LINES) * LINE + (folded ? 28 : 0);
}
