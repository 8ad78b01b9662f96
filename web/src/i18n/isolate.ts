/** What people have written, inside a sentence of the client's. Pure. */

/** Marks, embeddings, overrides and isolates: they act on what comes after them, too. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** The scripts that are written from right to left. */
const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The text so that it leaves the direction of the words around it alone; it looks the same. */
export function isolate(text: string): string {
  const plain = text.replace(TURNING, '');
  return LEFTWARD.test(plain) ? `\u2068${plain}\u2069` : plain;
}
