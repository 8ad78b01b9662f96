/** What of a text is more than text: links, and emoji standing alone. */
import { isHonest } from './honestLink';

/** A piece of a text. */
export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"'`]+/giu;

/** The text in pieces; joined they are the text again. Only honest http, https and mailto are links. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimLink(match[0]);
    if (!isHonest(link)) continue;
    if (match.index > from) out.push({ kind: 'text', text: text.slice(from, match.index) });
    out.push({ kind: 'link', text: link, href: link });
    from = match.index + link.length;
  }
  if (from < text.length) out.push({ kind: 'text', text: text.slice(from) });
  return out;
}

/** One to six emoji and nothing else. */
export function isEmojiOnly(text: string): boolean {
  return text.length < 80 && /^\s*(?:\p{RGI_Emoji}\s*){1,6}$/v.test(text);
}

/** The punctuation after a link is not part of it, nor a bracket that it did not open. */
function trimLink(link: string): string {
  let end = link.length;
  for (;;) {
    const last = link[end - 1] ?? '';
    const open = { ')': '(', ']': '[', '}': '{' }[last];
    const body = link.slice(0, end);
    const closes = open !== undefined && count(body, last) > count(body, open);
    if (!closes && !/[.,;:!?…»”’*_]/u.test(last)) return body;
    end -= 1;
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}
