import { expect, it } from 'vitest';
import { TEXT_MAX_BYTES } from '../../state/model';
import { roomLeft } from './roomLeft';

it('says nothing until the text is nearly too long', () => {
  expect(roomLeft('')).toBeNull();
  expect(roomLeft('a'.repeat(TEXT_MAX_BYTES / 2))).toBeNull();
});

it('counts characters of the kind that is being written', () => {
  expect(roomLeft('a'.repeat(TEXT_MAX_BYTES - 5))).toBe(5);
  expect(roomLeft('я'.repeat(TEXT_MAX_BYTES / 2 - 5))).toBe(5);
  expect(roomLeft('a'.repeat(TEXT_MAX_BYTES))).toBe(0);
});

it('is negative by what has to go', () => {
  expect(roomLeft('a'.repeat(TEXT_MAX_BYTES + 3))).toBe(-3);
  expect(roomLeft('я'.repeat(TEXT_MAX_BYTES / 2 + 3))).toBe(-3);
});
