/** The colour of an avatar: dark enough for white letters. */
export function avatarColor(id: string): string {
  return `oklch(0.52 0.115 ${hueOf(id)})`;
}

/** The colour of a name among messages: the same hue, readable in either theme. */
export function nameColor(id: string): string {
  const hue = hueOf(id);
  return `light-dark(oklch(0.48 0.13 ${hue}), oklch(0.8 0.1 ${hue}))`;
}

/** One or two letters for a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? '')].find((char) => /[\p{L}\p{N}]/u.test(char)) ?? '')
    .join('')
    .toLocaleUpperCase();
}

function hueOf(id: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < id.length; i += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(i), 16_777_619) >>> 0;
  }
  return hash % 360;
}
