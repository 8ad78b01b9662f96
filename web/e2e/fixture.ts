/** The server, and people in front of browsers. */
import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Locator,
  type Page,
} from '@playwright/test';
import type { SignedIn } from '../src/protocol/SignedIn';
import { TestServer } from '../src/realtime/test-server';
import { register, Wire } from './wire';

export { expect };

/** Someone with an account, a browser of their own, and a bare connection for seeding. */
export interface Someone {
  name: string;
  id: string;
  session: SignedIn;
  context: BrowserContext;
  page: Page;
  wire: Wire;
}

/** An account without a browser. */
export type Absent = Omit<Someone, 'context' | 'page'>;

interface Fixtures {
  /** Registers somebody. */
  meet(name: string): Promise<Absent>;
  /** Puts somebody in front of a browser, signed in. */
  seat(who: Absent, options?: BrowserContextOptions): Promise<Someone>;
  /** Both at once. */
  join(name: string, options?: BrowserContextOptions): Promise<Someone>;
}

/** Tests over one server without limits, which a test may kill if it starts it again. */
export const test = base.extend<Fixtures, { server: TestServer }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants a pattern here.
    async ({}, use) => {
      const server = await TestServer.start();
      await use(server);
      await server.remove();
    },
    { scope: 'worker' },
  ],

  baseURL: async ({ server }, use) => use(server.url),

  meet: async ({ server }, use) => {
    const wires: Wire[] = [];
    await use(async (name) => {
      const session = await register(server.url, name);
      const wire = await Wire.connect(server.url, session);
      wires.push(wire);
      return { name, id: session.user.id, session, wire };
    });
    for (const wire of wires) wire.close();
  },

  seat: async ({ server, browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (who, options = {}) => {
      const context = await browser.newContext({
        ...options,
        ...signedIn(server.url, who.session),
      });
      contexts.push(context);
      const page = await context.newPage();
      failOnErrors(page);
      await page.goto('/chats');
      await expect(online(page)).toBeVisible();
      return { ...who, context, page };
    });
    for (const context of contexts) await context.close();
  },

  join: async ({ meet, seat }, use) => {
    await use(async (name, options) => seat(await meet(name), options));
  },
});

/** The words of a live connection. */
export const online = (page: Page): Locator =>
  page.locator('.account-state').filter({ hasText: /^(Online|В сети)$/ });

/** The list of messages. */
export const log = (page: Page): Locator => page.getByRole('log');

/** A message that contains a text. */
export const messageWith = (page: Page, text: string): Locator =>
  log(page).getByRole('article').filter({ hasText: text });

/** The field one writes in. */
export const composer = (page: Page): Locator =>
  page.getByRole('textbox', { name: 'Message', exact: true });

/** The row of a chat in the list. */
export const chatRow = (page: Page, name: string): Locator =>
  page.getByRole('list', { name: 'Chats' }).getByRole('link').filter({ hasText: name });

/** Writes a message and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** The menu of a message. */
export async function actOn(page: Page, text: string, action: string): Promise<void> {
  await messageWith(page, text).first().click({ button: 'right' });
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

function signedIn(url: string, session: SignedIn): BrowserContextOptions {
  const value = JSON.stringify(session);
  const localStorage = [{ name: 'zvon.session', value }];
  return { baseURL: url, storageState: { cookies: [], origins: [{ origin: url, localStorage }] } };
}

/** A script that fails fails the test. */
function failOnErrors(page: Page): void {
  page.on('pageerror', (error) => {
    throw error;
  });
}

/** The page goes out of view, or comes back. */
export async function become(page: Page, visibility: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((now) => {
    Object.defineProperty(document, 'visibilityState', { value: now, configurable: true });
    Object.defineProperty(document, 'hidden', { value: now === 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibility);
}
