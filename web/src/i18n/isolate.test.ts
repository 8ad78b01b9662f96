import { expect, it } from 'vitest';
import { isolate } from './isolate';
import { Language } from './language';

it('leaves what is written from left to right as it is', () => {
  for (const text of ['Ann', 'Анна', '李', '👩‍👩‍👧', '<b>{name}</b>', '']) {
    expect(isolate(text)).toBe(text);
  }
});

it('keeps a name from turning the sentence around it', () => {
  expect(isolate('שלום')).toBe('\u2068שלום\u2069');
  expect(isolate('\u202egnp.exe')).toBe('gnp.exe');
  expect(isolate('\u2069\u202eגnp')).toBe('\u2068גnp\u2069');
});

it('puts a name into a sentence as text, not as a part of the pattern', () => {
  const { t } = new Language('en');
  expect(t('group.removeSure', { name: '{name} $& $1 {count}' })).toBe(
    'Remove {name} $& $1 {count}?',
  );
});
