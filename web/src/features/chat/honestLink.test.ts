import { expect, it } from 'vitest';
import { isHonest } from './honestLink';

it.each([
  'https://example.org/a?b=c#d',
  'http://localhost:4000/chats/7',
  'http://127.0.0.1/',
  'HTTPS://EXAMPLE.ORG',
  'https://пример.рф/путь',
  'https://почта.example.org/',
  'https://bücher.example/',
  'https://xn--80ak6aa92e.com/',
  'https://example.org/@someone',
  'mailto:ada@example.org?subject=hello',
])('%s may be pressed', (link) => {
  expect(isHonest(link)).toBe(true);
});

it.each([
  ['of another kind', 'javascript:alert(1)'],
  ['of another kind', 'data:text/html,x'],
  ['with a name for a host', 'https://bank.example@evil.example/'],
  ['with a password', 'https://user:secret@evil.example/'],
  ['with an empty name', 'https://@evil.example/'],
  ['with a mixed host', 'https://p\u0430ypal.example/'],
  ['with a mixed label', 'https://www.g\u03bfogle.example/'],
  ['that turns around', 'https://evil.example/\u202efdp.exe'],
  ['with something unseen', 'https://exa\u200bmple.org/'],
  ['without a host', 'https:////evil.example/'],
  ['with a host in disguise', 'https://%65vil.example/'],
  ['that is none', 'https://'],
])('a link %s is text: %s', (_, link) => {
  expect(isHonest(link)).toBe(false);
});
