import fc from 'fast-check';
import { expect, it } from 'vitest';
import { insidePath } from './insidePath';

const ORIGIN = 'https://zvon.example';

it('leads to the page that was wanted', () => {
  for (const path of ['/settings', '/chats/7?at=3', '/people']) {
    expect(insidePath(path, ORIGIN)).toBe(path);
  }
  expect(insidePath(null, ORIGIN)).toBe('/chats');
});

it('leads nowhere else', () => {
  const elsewhere = [
    'https://evil.example/',
    '//evil.example/chats',
    '/\\evil.example',
    '/\t/evil.example',
    '/..//evil.example',
    '/chats/../..//evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    ' /x',
    '',
  ];
  for (const next of elsewhere) expect(insidePath(next, ORIGIN), next).toBe('/chats');
});

it('stays inside whatever is asked for', () => {
  const part = fc.constantFrom('/', '\\', '..', '.', '\t', '\n', '@', ':', '%2f', 'evil.example');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const path = insidePath(parts.join(''), ORIGIN);
      expect(path).toMatch(/^\/(?![/\\])/);
      expect(new URL(path, ORIGIN).origin).toBe(ORIGIN);
    }),
  );
});
