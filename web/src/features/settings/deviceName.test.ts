import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameOf } from './deviceName';

const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const MOBILE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Firefox',
    'Windows',
  ],
  ['Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox', 'Android'],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${MOBILE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`,
    'Firefox',
    'iPhone',
  ],
  [`Mozilla/5.0 (X11; Linux x86_64) ${KHTML} Chrome/140.0.0.0 Safari/537.36`, 'Chrome', 'Linux'],
  [
    `Mozilla/5.0 (X11; Linux x86_64) ${KHTML} HeadlessChrome/140.0.0.0 Safari/537.36`,
    'Chrome',
    'Linux',
  ],
  [
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${KHTML} Chrome/140.0.0.0 Safari/537.36`,
    'Chrome',
    'ChromeOS',
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${KHTML} Chrome/140.0.0.0 Mobile Safari/537.36`,
    'Chrome',
    'Android',
  ],
  [
    `Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) ${MOBILE} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1`,
    'Chrome',
    'iPad',
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${MOBILE} Version/18.5 Safari/605.1.15`,
    'Safari',
    'macOS',
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${MOBILE} Version/18.5 Mobile/15E148 Safari/604.1`,
    'Safari',
    'iPhone',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`,
    'Edge',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0`,
    'Opera',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/138.0.0.0 YaBrowser/25.8.0.0 Yowser/2.5 Safari/537.36`,
    'Yandex Browser',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${KHTML} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet',
    'Android',
  ],
])('%s', (agent, browser, system) => {
  expect(nameOf(agent)).toMatchObject({ browser, system });
});

it('knows what is held in the hand', () => {
  expect(nameOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)').isHandheld).toBe(true);
  expect(nameOf('Mozilla/5.0 (X11; Linux x86_64)').isHandheld).toBe(false);
});

it('says so when it does not know', () => {
  for (const agent of [
    '',
    'node',
    'curl/8.5.0',
    '<script>alert(1)</script>',
    'Firefoxy Linuxlike',
  ]) {
    expect(nameOf(agent)).toEqual({ browser: null, system: null, isHandheld: false });
  }
  expect(nameOf('Mozilla/5.0 (X11; Linux x86_64) Something/1.0').system).toBe('Linux');
});

it('says nothing but its own words, whatever an agent claims', () => {
  const word = /^[A-Za-z ]{3,20}$/;
  const part = fc.constantFrom('Version/', ' ', 'Safari/', 'Chrome/', 'Linux', 'x'.repeat(50));
  const agents = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 60 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(agents, (agent) => {
      for (const said of [nameOf(agent).browser, nameOf(agent).system]) {
        if (said !== null) expect(said).toMatch(word);
      }
    }),
  );
});
