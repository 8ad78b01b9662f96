import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en, type Key, type Phrase } from './en';
import { dictionaries, Language, pickTag, type Tag } from './language';

const tags = Object.keys(dictionaries) as Tag[];
const keys = Object.keys(en) as Key[];

/** Every sentence of a phrase with the names of its parameters. */
function parameters(phrase: Phrase): string[][] {
  const sentences = typeof phrase === 'string' ? [phrase] : Object.values(phrase);
  return sentences.map((text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => String(m[1])).sort());
}

describe.each(tags)('the dictionary %s', (tag) => {
  const dictionary: Record<string, Phrase> = dictionaries[tag];
  const forms = [...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort();

  it('has exactly the keys of English', () => {
    expect(Object.keys(dictionary).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('is complete in %s', (key) => {
    const phrase = dictionary[key] as Phrase;
    const original: Phrase = en[key];
    expect(typeof phrase).toBe(typeof original);
    if (typeof phrase !== 'string') expect(Object.keys(phrase).sort()).toEqual(forms);
    const expected = parameters(original)[0];
    for (const names of parameters(phrase)) expect(names).toEqual(expected);
    const sentences = typeof phrase === 'string' ? [phrase] : Object.values(phrase);
    for (const sentence of sentences) expect(sentence.trim()).not.toBe('');
  });
});

describe('every key', () => {
  const src = join(import.meta.dirname, '..');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/^(i18n\/(en|ru)|protocol)/.test(file))
    .map((file) => readFileSync(join(src, file), 'utf8'))
    .join('\n');

  it.each(keys)('%s is said somewhere', (key) => {
    const prefix = key.slice(0, key.lastIndexOf('.') + 1);
    expect(sources.includes(`'${key}'`) || sources.includes(`\`${prefix}\${`)).toBe(true);
  });
});

describe('a language', () => {
  it('chooses the plural form by the rules of the language', () => {
    const ru = new Language('ru');
    expect([1, 2, 5, 11, 21].map((count) => ru.t('chats.unread', { count }))).toEqual([
      '1 непрочитанное сообщение',
      '2 непрочитанных сообщения',
      '5 непрочитанных сообщений',
      '11 непрочитанных сообщений',
      '21 непрочитанное сообщение',
    ]);
  });

  it('counts the seconds of a limit', () => {
    const problem = { code: 'rate-limited', params: { seconds: 1 } } as const;
    expect(new Language('en').problem(problem)).toContain('in 1 second.');
  });

  it('is the first that the browser prefers and that there is', () => {
    expect(pickTag('system', ['de-DE', 'ru-RU', 'en'])).toBe('ru');
    expect(pickTag('system', ['de'])).toBe('en');
    expect(pickTag('en', ['ru'])).toBe('en');
  });

  it('says how long ago something was', () => {
    const [minute, hour] = [60_000, 3_600_000];
    const times = [0, 5 * minute, 59.6 * minute, 3 * hour, 24 * hour, 72 * hour];
    expect(times.map(new Language('en').ago)).toEqual([
      '1 minute ago',
      '5 minutes ago',
      '1 hour ago',
      '3 hours ago',
      'yesterday',
      '3 days ago',
    ]);
    expect(times.map(new Language('ru').ago).at(1)).toBe('5 минут назад');
  });

  it('says days as people do', () => {
    const en = new Language('en');
    const now = new Date(2026, 2, 10, 9);
    expect(en.day(new Date(2026, 2, 10, 0, 1), now)).toBe('Today');
    expect(en.day(new Date(2026, 2, 9, 23, 59), now)).toBe('Yesterday');
    expect(en.day(new Date(2026, 2, 1), now)).toBe('Sunday, March 1');
    expect(en.day(new Date(2025, 2, 1), now)).toBe('March 1, 2025');
  });
});
