/** The geometry of a plot: `WIDTH` by `HEIGHT`, a slot for every value, 0 at the bottom. Pure. */

export const WIDTH = 1000;
export const HEIGHT = 100;

/** The end of the scale: at least that much, of a kind whose half is a whole number, too. */
export function topOf(values: readonly number[]): number {
  const most = Math.max(2, ...values);
  const step = 10 ** Math.floor(Math.log10(most));
  const found = [1, 2, 4, 6, 8].map((many) => many * step).find((top) => top >= most && top > 1);
  return found ?? 10 * step;
}

/** The middle of a value's slot. */
export function middleOf(index: number, count: number): number {
  return ((index + 0.5) * WIDTH) / count;
}

/** The slot at a share of the width. */
export function slotAt(share: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(share * count)));
}

/** A bar per value, as one path; a gap of a fifth between. */
export function barsOf(values: readonly number[], top: number): string {
  const half = (WIDTH / values.length) * 0.4;
  return values
    .map((value, index) => {
      if (value === 0) return '';
      const middle = middleOf(index, values.length);
      const high = heightOf(value, top);
      return `M${short(middle - half)} ${HEIGHT}V${high}H${short(middle + half)}V${HEIGHT}Z`;
    })
    .join('');
}

/** A line through all values; a single one is a short stroke. */
export function lineOf(values: readonly number[], top: number): string {
  const [only] = values;
  if (only !== undefined && values.length === 1) return `M400 ${heightOf(only, top)}H600`;
  const points = values.map(
    (value, index) => `${short(middleOf(index, values.length))} ${heightOf(value, top)}`,
  );
  return points.length ? `M${points.join('L')}` : '';
}

function heightOf(value: number, top: number): number {
  return short(HEIGHT * (1 - value / top));
}

const short = (value: number): number => Math.round(value * 10) / 10;
