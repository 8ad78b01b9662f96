import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEmojiOnly, pieces } from './richText';

const links = (text: string) =>
  pieces(text).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []));

describe('pieces', () => {
  it('finds http, https and mailto, and nothing else', () => {
    expect(links('see https://a.example/x?y=1#z and http://b.example')).toEqual([
      'https://a.example/x?y=1#z',
      'http://b.example',
    ]);
    expect(links('mailto:ada@a.example')).toEqual(['mailto:ada@a.example']);
    expect(links('javascript:alert(1) data:text/html,x ftp://a.example //a.example')).toEqual([]);
  });

  it('leaves punctuation and foreign brackets outside', () => {
    expect(links('(see https://a.example/b), https://a.example/c.')).toEqual([
      'https://a.example/b',
      'https://a.example/c',
    ]);
    expect(links('https://en.example/wiki/Bell_(instrument)')).toEqual([
      'https://en.example/wiki/Bell_(instrument)',
    ]);
  });

  it('does not take what is no address', () => {
    expect(links('https://')).toEqual([]);
    expect(links('http://[')).toEqual([]);
  });

  it('loses nothing', () => {
    const part = fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom(' ', '\n', '(', ')', '.'));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        expect(
          pieces(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(text);
        for (const href of links(text)) {
          expect(['http:', 'https:', 'mailto:']).toContain(new URL(href).protocol);
        }
      }),
    );
  });
});

describe('isEmojiOnly', () => {
  it('knows emoji from text and digits', () => {
    for (const text of ['👍', '👩‍👩‍👧 🇷🇺', '❤️\n🔥']) expect(isEmojiOnly(text)).toBe(true);
    for (const text of ['', ' ', '12', 'ok 👍', '😀😀😀😀😀😀😀'])
      expect(isEmojiOnly(text)).toBe(false);
  });
});
