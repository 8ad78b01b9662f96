/** How much more may be written; the limit is in bytes, people count characters. */
import { TEXT_MAX_BYTES } from '../../state';

/** Below this share of the room, the counter appears. */
const NEAR = 0.1;

/** Characters left (negative: too many), as long as they are like those written; `null` if many. */
export function roomLeft(text: string): number | null {
  if (text.length * 3 < TEXT_MAX_BYTES * (1 - NEAR)) return null;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes < TEXT_MAX_BYTES * (1 - NEAR)) return null;
  const characters = (TEXT_MAX_BYTES - bytes) / (bytes / text.length);
  return Math.floor(characters);
}
