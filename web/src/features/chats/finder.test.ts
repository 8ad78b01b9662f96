import { expect, it } from 'vitest';
import { matches } from './finder';

it('finds the beginning of any word, whatever the case and the accents', () => {
  expect(matches('Ada Lovelace', 'love')).toBe(true);
  expect(matches('Ada Lovelace', 'ada lo')).toBe(true);
  expect(matches('Zoë Å', 'zoe')).toBe(true);
  expect(matches('Пётр', 'петр')).toBe(true);
  expect(matches('Ada Lovelace', 'lace')).toBe(false);
});
