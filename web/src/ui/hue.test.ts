import { expect, it } from 'vitest';
import { avatarColor, initials, nameColor } from './hue';

it('takes the first letters of the first and the last word', () => {
  expect(initials('Ada Lovelace')).toBe('AL');
  expect(initials('  anna   maria Öberg ')).toBe('AÖ');
  expect(initials('Жанна')).toBe('Ж');
  expect(initials('«Кот» (дом)')).toBe('КД');
  expect(initials('🦊')).toBe('');
});

it('gives one id one colour, and different ids different ones', () => {
  expect(avatarColor('a-1')).toBe(avatarColor('a-1'));
  expect(avatarColor('a-1')).not.toBe(avatarColor('a-2'));
  expect(nameColor('a-1')).toMatch(
    /^light-dark\(oklch\(0\.48 0\.13 \d+\), oklch\(0\.8 0\.1 \d+\)\)$/,
  );
});
