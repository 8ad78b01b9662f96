/** Ann among people whose names, titles and messages are hostile, with every alarm on. */
import type { BrowserContextOptions, Locator, Page } from '@playwright/test';
import type { SignedIn } from '../src/protocol/SignedIn';
import { TestServer, UNLIMITED } from '../src/realtime/test-server';
import { Alarms } from './alarms';
import { test as base, expect } from './fixture';
import { HOSTILE, type Hostile, NAMES } from './hostile';
import { register, Wire } from './wire';

/** What is stored on the server. */
export interface Siege {
  server: TestServer;
  ann: SignedIn;
  /** Someone for each name, in their order. */
  people: SignedIn[];
  /** A group of everybody, with every text in it, all of them pinned. */
  crowd: string;
  /** A group for each name, which is its title and its only message. */
  groups: string[];
  /** Who has made the groups. */
  mallory: Wire;
}

async function lay(server: TestServer): Promise<Siege> {
  const ann = await register(server.url, 'Ann');
  const mallory = await Wire.connect(server.url, await register(server.url, 'Mallory'));
  const people: SignedIn[] = [];
  const groups: string[] = [];
  for (const { text } of NAMES) {
    people.push(await register(server.url, text));
    const group = await mallory.group(text, [ann.user.id]);
    await mallory.say(group, text);
    groups.push(group);
  }
  const everybody = [ann, ...people].map(({ user }) => user.id);
  const crowd = await mallory.group('The crowd', everybody);
  for (const message of await mallory.say(crowd, ...HOSTILE.map(({ text }) => text))) {
    await mallory.ask('message:pin', { messageId: message.id });
  }
  return { server, ann, people, crowd, groups, mallory };
}

/** How someone's browser begins: signed in. */
export function seated(url: string, session: SignedIn): BrowserContextOptions {
  const localStorage = [{ name: 'zvon.session', value: JSON.stringify(session) }];
  return {
    baseURL: url,
    locale: 'en-US',
    viewport: { width: 1280, height: 800 },
    storageState: { cookies: [], origins: [{ origin: url, localStorage }] },
  };
}

/** Tests in Ann's browser; each ends with no alarm having gone off. */
export const test = base.extend<{ alarms: Alarms; calm: undefined }, { siege: Siege }>({
  siege: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants a pattern here.
    async ({}, use) => {
      const server = await TestServer.start({ ...UNLIMITED, ZVON_AUTH__SESSIONS_MAX: '200' });
      const siege = await lay(server);
      await use(siege);
      siege.mallory.close();
      await server.remove();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  context: async ({ siege, browser }, use) => {
    const context = await browser.newContext(seated(siege.server.url, siege.ann));
    await use(context);
    await context.close();
  },

  alarms: async ({ context, siege }, use) => {
    await use(await Alarms.watch(context, siege.server.url));
  },

  calm: [
    async ({ alarms, page }, use) => {
      await use(undefined);
      await expectCalm(alarms, page);
    },
    { auto: true },
  ],
});

/** No alarm has gone off, the page is in order, and what is long stays within it. */
export async function expectCalm(alarms: Alarms, page: Page): Promise<void> {
  expect(await alarms.check(page)).toEqual([]);
  const sideways = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(sideways, 'nothing scrolls sideways').toBeLessThanOrEqual(0);
}

/** Every one of them is among what is shown, to the letter. */
export function expectAll(
  shown: Iterable<string>,
  wanted: readonly Hostile[],
  how: (text: string) => string = (text) => text,
): void {
  const all = new Set(shown);
  const missing = wanted.filter(({ text }) => !all.has(how(text)));
  expect(missing, 'these are not shown as they were written').toEqual([]);
}

/** The texts of what a long list shows, gathered while it is scrolled to its ends. */
export async function scrolled(scroller: Locator, what: string): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const step of [-300, 300]) {
    for (let end = false; !end; ) {
      const found = await scroller.evaluate(
        async (box, { selector, by }) => {
          const texts = [...box.querySelectorAll(selector)].map((element) => {
            const copy = element.cloneNode(true) as Element;
            for (const meta of copy.querySelectorAll('.meta')) meta.remove();
            return copy.textContent ?? '';
          });
          const { scrollTop, clientHeight, scrollHeight } = box;
          const isEnd = by < 0 ? scrollTop <= 0 : scrollTop + clientHeight >= scrollHeight - 1;
          box.scrollBy(0, by);
          for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
          return { texts, isEnd };
        },
        { selector: what, by: step },
      );
      for (const text of found.texts) seen.add(text);
      end = found.isEnd;
    }
  }
  return seen;
}
