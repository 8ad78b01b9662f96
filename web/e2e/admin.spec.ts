import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import type { Analytics } from '../src/protocol/Analytics';
import type { DayCounts } from '../src/protocol/DayCounts';
import { TestServer, UNLIMITED } from '../src/realtime/test-server';
import { type Absent, test as base, expect } from './fixture';
import { expectSound } from './sound';

/** Over a server that counts. */
const test = base.extend<object, { server: TestServer }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants a pattern here.
    async ({}, use) => {
      const server = await TestServer.start({ ...UNLIMITED, ZVON_JOBS__IN_PROCESS: 'true' });
      await use(server);
      await server.remove();
    },
    { scope: 'worker' },
  ],
});

const today = (): string => new Date().toISOString().slice(0, 10);
const heading = (page: Page): Locator => page.getByRole('heading', { name: 'Analytics' });
const slider = (page: Page, name: string): Locator => page.getByRole('slider', { name });
const total = (page: Page, name: string): Locator =>
  page
    .locator('.total')
    .filter({ has: page.getByText(name, { exact: false }) })
    .locator('dd');

async function ask(server: TestServer, { session }: Absent, query = ''): Promise<Response> {
  const headers = { authorization: `Bearer ${session.accessToken}` };
  return fetch(`${server.url}/api/analytics${query}`, { headers });
}

/** Makes somebody an operator, and waits until so many messages are counted. */
async function operate(server: TestServer, who: Absent, messages: number): Promise<void> {
  server.command('users', 'make-operator', who.session.user.email);
  await expect
    .poll(async () => {
      const { days } = (await (await ask(server, who)).json()) as Analytics;
      return days.reduce((sum, day) => sum + day.messages, 0);
    })
    .toBeGreaterThanOrEqual(messages);
}

/** What the browser's policy refused. */
function refusals(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) found.push(message.text());
  });
  return found;
}

test('operators see what was counted, go through the days, and take it away as a file', async ({
  server,
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const { page } = ann;
  const chat = await bob.wire.privateWith(ann.id);
  await bob.wire.say(chat, 'one', 'two', 'three');
  await operate(server, ann, 3);
  const refused = refusals(page);
  await page.goto('/admin');
  await expect(heading(page)).toBeVisible();
  await expect(page).toHaveTitle(/Analytics · Zvon$/);
  await expect(page.getByText(/^Counted up to /)).toBeVisible();
  await expect(total(page, 'Messages')).toHaveText('3');
  await expect(total(page, 'New chats')).toHaveText('1');
  await expect(page.getByRole('img', { name: 'Messages' })).toHaveAccessibleDescription(
    /between 0 and 3 a day\.$/,
  );

  const messages = slider(page, 'Messages');
  await messages.focus();
  await expect(messages).toHaveAttribute('aria-valuetext', /: 3$/);
  await messages.press('Home');
  await expect(messages).toHaveAttribute('aria-valuetext', /: 0$/);
  await messages.press('ArrowRight');
  await expect(messages).toHaveValue('1');
  await expect(slider(page, 'New chats'), 'all plots show the same day').toHaveValue('1');
  const { width, height } = (await messages.boundingBox()) ?? { width: 0, height: 0 };
  await messages.hover({ position: { x: width - 2, y: height / 2 } });
  await expect(messages).toHaveValue('29');
  await messages.click({ position: { x: 2, y: height / 2 } });
  await expect(messages).toHaveValue('0');

  await page.getByLabel('The last 7 days').check();
  await expect(page).toHaveURL(/\/admin\?days=7$/);
  await page.getByText('As a table').click();
  await expect(page.getByRole('row')).toHaveCount(8);
  await expect(page.getByRole('row').nth(1)).toContainText('3');

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^analytics_[\d-]{10}_[\d-]{10}\.csv$/);
  const text = readFileSync(await download.path(), 'utf8');
  const { days } = (await (await ask(server, ann)).json()) as Analytics;
  const lines = days.slice(-7).map((day) => Object.values(day).join(','));
  const head = 'day,messages,active_users,active_chats,new_users,new_chats';
  expect(text).toBe([head, ...lines, ''].join('\r\n'));
  expect(refused).toEqual([]);
});

test('own dates are taken as soon as they are a range, and stand in the address', async ({
  server,
  join,
}) => {
  const ann = await join('Ann');
  const { page } = ann;
  await operate(server, ann, 0);
  await page.goto('/admin');
  await page.getByLabel('Own dates').check();
  await page.getByLabel('From').fill('2024-02-01');
  await expect(page.getByText('At most 366 days at a time.')).toBeVisible();
  await page.getByLabel('To', { exact: true }).fill('2024-01-31');
  await expect(page.getByText('The last day is before the first one.')).toBeVisible();
  await page.getByLabel('To', { exact: true }).fill('2024-02-29');
  await expect(page).toHaveURL(/from=2024-02-01&to=2024-02-29$/);
  await expect(slider(page, 'Messages')).toHaveAttribute('max', '28');
  await page.reload();
  await expect(slider(page, 'Messages')).toHaveAttribute('max', '28');
  await expect(page.getByLabel('Own dates')).toBeChecked();
  await page.goto(`/admin?from=${today()}&to=${today()}`);
  await expect(slider(page, 'Messages')).toHaveAttribute('max', '0');
});

test('for others there is no such page', async ({ server, join }) => {
  const eve = await join('Eve');
  const { page } = eve;
  await page.goto('/nothing/is/here');
  const nothing = await page.getByRole('main').innerHTML();
  await page.goto('/admin');
  await expect(page.getByText('There is no such page.')).toBeVisible();
  expect(await page.getByRole('main').innerHTML()).toBe(nothing);
  expect((await ask(server, eve)).status).toBe(403);
  // Who was an operator is told at the next look.
  await operate(server, eve, 0);
  await page.reload();
  await expect(heading(page)).toBeVisible();
  server.command('users', 'unmake-operator', eve.session.user.email);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await expect(page.getByText('There is no such page.')).toBeVisible();
});

test('what fails is said, and what was shown stays', async ({ server, join }) => {
  const ann = await join('Ann');
  const { page } = ann;
  await operate(server, ann, 0);
  await page.goto('/admin');
  await expect(heading(page)).toBeVisible();
  await page.route('**/api/analytics*', (route) => route.abort());
  await page.getByRole('button', { name: 'Refresh' }).click();
  await expect(page.getByText(/^The numbers could not be loaded\./)).toBeVisible();
  await expect(slider(page, 'Messages')).toBeVisible();
  await page.getByRole('button', { name: 'Download CSV' }).click();
  await expect(page.getByRole('alert')).toHaveCount(2);
  await page.unroute('**/api/analytics*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText(/^The numbers could not be loaded\./)).toBeHidden();
});

/** A quarter of a busy year. */
function busy(): DayCounts[] {
  return Array.from({ length: 90 }, (_, index) => {
    const day = new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10);
    const messages = Math.round(1_200_000 * (1 + Math.sin(index / 3.5)));
    const [activeUsers, activeChats] = [Math.round(messages / 40), Math.round(messages / 90)];
    return { day, messages, activeUsers, activeChats, newUsers: index % 7, newChats: index * 3 };
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 360]) {
    test(`it is accessible: ${colorScheme}, ${width}`, async ({ server, meet, seat }) => {
      const options = {
        colorScheme,
        viewport: { width, height: 844 },
        reducedMotion: 'reduce',
      } as const;
      const ann = await seat(await meet('Ann'), options);
      await operate(server, ann, 0);
      const { page } = ann;
      await page.route('**/api/analytics?*', (route) =>
        route.fulfill({ json: { days: busy(), countedTo: '2026-03-31T12:00:00.000Z' } }),
      );
      for (const [language, title, table] of [
        ['English', 'Analytics', 'As a table'],
        ['Русский', 'Аналитика', 'Таблицей'],
      ] as const) {
        await page.goto('/settings');
        await page.getByLabel(language).check();
        await page.goto('/admin?from=2026-01-01&to=2026-03-31');
        await expect(page.getByRole('heading', { name: title })).toBeVisible();
        await page.getByText(table).click();
        await expect(page.getByRole('row')).toHaveCount(91);
        await expectSound(page, `/admin in ${language}`);
        await page.getByRole('slider').first().press('ArrowLeft');
        await expect(page.getByRole('slider').last()).toHaveValue('88');
      }
    });
  }
}

test('on a phone everything is large enough for a thumb', async ({ server, meet, seat }) => {
  const viewport = { width: 360, height: 740 };
  const ann = await seat(await meet('Ann'), { viewport, hasTouch: true, isMobile: true });
  await operate(server, ann, 0);
  const { page } = ann;
  await page.goto(`/admin?from=2026-01-01&to=${today()}`);
  await expect(heading(page)).toBeVisible();
  // Of a radio button its words are a part.
  const targets =
    'button:visible, a:visible, input:not([type=radio]):visible, label:has([type=radio]), summary';
  const controls = page.getByRole('main').locator(targets);
  const boxes = await controls.evaluateAll((all) =>
    all.map((control) => {
      const { width, height } = control.getBoundingClientRect();
      return { what: control.outerHTML.slice(0, 200), size: Math.min(width, height) };
    }),
  );
  expect(boxes.length).toBeGreaterThan(13);
  for (const { what, size } of boxes) expect(size, what).toBeGreaterThanOrEqual(44);
});
