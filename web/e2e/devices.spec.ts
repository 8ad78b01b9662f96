import type { Browser, Locator, Page } from '@playwright/test';
import type { Message } from '../src/protocol/Message';
import { type Absent, composer, expect, log, online, say, test } from './fixture';

const PASSWORD = 'correct horse';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

/** Signs in by hand, in a browser of its own that calls itself something. */
async function signInWith(
  browser: Browser,
  url: string,
  { session }: Absent,
  options: { userAgent: string; locale?: string },
): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', baseURL: url, ...options });
  const page = await context.newPage();
  await page.goto('/login');
  await signIn(page, session.user.email);
  return page;
}

async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.locator('input[type=email]').fill(email);
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[type=submit]').click();
  await expect(online(page)).toBeVisible();
}

const device = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('list').getByRole('listitem').filter({ hasText: name });

const tokenOf = (page: Page): Promise<string> =>
  page.evaluate(() => JSON.parse(localStorage.getItem('zvon.session') ?? '{}').accessToken);

async function changePassword(page: Page, now: string, next: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Current password' }).fill(now);
  await page.getByRole('textbox', { name: 'New password' }).fill(next);
  await page.getByRole('button', { name: 'Change password' }).click();
}

test('one’s devices are listed in words, this one first', async ({ meet, browser, server }) => {
  const ann = await meet('Ann');
  const here = await signInWith(browser, server.url, ann, { userAgent: FIREFOX });
  const phone = await signInWith(browser, server.url, ann, { userAgent: IPHONE });
  await here.getByRole('button', { name: 'Menu', exact: true }).click();
  await here.getByRole('menuitem', { name: 'Devices and password' }).click();
  await expect(here).toHaveURL('/settings/devices');
  const rows = here.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText('Firefox on Linux');
  await expect(rows.first()).toContainText('This device');
  await expect(rows.first().getByRole('button')).toHaveCount(0);
  await expect(device(here, 'Safari on iPhone')).toContainText('Active now · 127.0.0.1');
  await expect(device(here, 'Safari on iPhone')).toContainText(/Signed in .*\d{4} at \d/);
  await expect(device(here, 'Unknown device')).toContainText('Active now');

  await here.getByRole('button', { name: 'Back' }).click();
  await expect(here).toHaveURL('/settings');
  await here.getByRole('link', { name: /Devices and password/ }).click();
  await expect(device(here, 'Safari on iPhone')).toBeVisible();
  await phone.context().close();
  await here.context().close();
});

test('a device that is signed out is told so at once, and can write no more', async ({
  meet,
  browser,
  server,
}) => {
  const [ann, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  const here = await signInWith(browser, server.url, ann, { userAgent: FIREFOX });
  const phone = await signInWith(browser, server.url, ann, { userAgent: IPHONE });
  await phone.goto(`/chats/${chat}`);
  await say(phone, 'from the phone');
  await expect(log(phone).getByText('from the phone')).toBeVisible();
  const token = await tokenOf(phone);
  const second = await phone.context().newPage();
  await second.goto('/people');
  await expect(online(second)).toBeVisible();

  await here.goto('/settings/devices');
  const end = here.getByRole('button', { name: 'Sign out Safari on iPhone' });
  await end.click();
  await here.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await expect(end, 'the focus is back where it was').toBeFocused();
  const sockets: string[] = [];
  phone.on('websocket', (socket) => sockets.push(socket.url()));
  await end.click();
  const dialog = here.getByRole('dialog', { name: 'Sign out Safari on iPhone?' });
  await dialog.getByRole('button', { name: 'Sign out', exact: true }).click();
  for (const page of [phone, second]) {
    await expect(page).toHaveURL(/\/login/, { timeout: 5000 });
    await expect(page.getByRole('status')).toHaveText(
      'You were signed out from another device. Please sign in again.',
    );
  }
  await expect(here.getByText('Safari on iPhone is signed out.')).toBeVisible();
  await expect(here.getByRole('heading', { name: 'Where you are signed in' })).toBeFocused();
  await expect(device(here, 'Safari on iPhone')).toHaveCount(0);

  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ content: 'from a ghost' }) };
  expect((await fetch(`${server.url}/chats/${chat}/messages`, init)).status).toBe(401);
  await here.goto(`/chats/${chat}`);
  await say(here, 'still here');
  await expect(log(here).getByText('still here')).toBeVisible();
  await expect(log(here).getByText('from a ghost')).toHaveCount(0);
  expect(sockets, 'it does not try to come back').toEqual([]);
  const databases = () => phone.evaluate(async () => (await indexedDB.databases()).length);
  await expect.poll(databases, 'nothing of theirs stays in that browser').toBe(0);

  await signIn(phone, ann.session.user.email);
  await expect(phone).toHaveURL(`/chats/${chat}`);
  await phone.context().close();
  await here.context().close();
});

test('all other devices are signed out at once', async ({ meet, browser, server }) => {
  const ann = await meet('Ann');
  const here = await signInWith(browser, server.url, ann, { userAgent: FIREFOX });
  const phone = await signInWith(browser, server.url, ann, { userAgent: IPHONE, locale: 'ru-RU' });
  await here.goto('/settings/devices');
  await here.getByRole('button', { name: 'Sign out all other devices' }).click();
  const dialog = here.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Sign out all other devices' }).click();
  await expect(phone.getByRole('status')).toContainText('отключили с другого устройства');
  await expect(here.getByText('All other devices are signed out.', { exact: true })).toBeVisible();
  await expect(here.getByRole('main').getByRole('listitem')).toHaveCount(1);
  await expect(here.getByText('You are signed in only here.')).toBeVisible();
  await expect(here.getByRole('button', { name: 'Sign out all other devices' })).toHaveCount(0);
  await expect(online(here)).toBeVisible();
  await phone.context().close();
  await here.context().close();
});

test('another password signs out all others and keeps this device', async ({
  meet,
  browser,
  server,
}) => {
  const [ann, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  const here = await signInWith(browser, server.url, ann, { userAgent: FIREFOX });
  const phone = await signInWith(browser, server.url, ann, { userAgent: IPHONE });
  await here.goto('/settings/devices');
  await changePassword(here, 'not the one', 'battery staple');
  const current = here.getByRole('textbox', { name: 'Current password' });
  await expect(here.getByText('This is not your current password.')).toBeVisible();
  await expect(current).toHaveAttribute('aria-invalid', 'true');
  await expect(current).toHaveAccessibleDescription('This is not your current password.');
  await expect(online(phone)).toBeVisible();

  await changePassword(here, PASSWORD, 'battery staple');
  await expect(phone).toHaveURL(/\/login/, { timeout: 5000 });
  await expect(phone.getByRole('status')).toContainText('Your password was changed.');
  await expect(here.getByText('Your password is changed.')).toBeVisible();
  await expect(current).toHaveValue('');
  await expect(here.getByRole('main').getByRole('listitem')).toHaveCount(1);
  await here.goto(`/chats/${chat}`);
  await say(here, 'written after it');
  await expect(log(here).getByText('written after it')).toBeVisible();

  await phone.locator('input[type=email]').fill(ann.session.user.email);
  await phone.locator('input[name=password]').fill(PASSWORD);
  await phone.locator('button[type=submit]').click();
  await expect(phone.getByText('Email or password is wrong.')).toBeVisible();
  await signIn(phone, ann.session.user.email, 'battery staple');
  const headers = { authorization: `Bearer ${await tokenOf(phone)}` };
  const told = await fetch(`${server.url}/chats/${chat}/messages`, { headers });
  expect(((await told.json()) as Message[]).map(({ content }) => content)).toEqual([
    'written after it',
  ]);
  await phone.context().close();
  await here.context().close();
});

test('a list that cannot be had says so, and is had when it is asked for again', async ({
  join,
}) => {
  const { page } = await join('Ann');
  await page.route('**/auth/sessions', (route) => route.abort());
  await page.goto('/settings');
  await page.getByRole('link', { name: /Devices and password/ }).click();
  await expect(page.getByText(/Your devices could not be loaded\./)).toBeVisible();
  await page.unroute('**/auth/sessions');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(device(page, 'This device')).toBeVisible();

  await page.route('**/auth/sessions', (route) => route.abort());
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(page.getByText(/may be out of date/)).toBeVisible();
  await expect(device(page, 'This device')).toBeVisible();
});

test('coming back to the page brings the list up to date', async ({ join, browser, server }) => {
  const ann = await join('Ann');
  await ann.page.goto('/settings/devices');
  await expect(ann.page.getByText('You are signed in only here.')).toBeVisible();
  const phone = await signInWith(browser, server.url, ann, { userAgent: IPHONE });
  await ann.page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(device(ann.page, 'Safari on iPhone')).toBeVisible();
  await phone.context().close();
});

test('a sign-in that pushes the oldest out says so there, and keeps what was unsent', async ({
  join,
  meet,
  server,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  await ann.page.goto(`/chats/${chat}`);
  await composer(ann.page).fill('half a thought');
  const { email } = ann.session.user;
  const body = JSON.stringify({ email, password: PASSWORD });
  const headers = { 'content-type': 'application/json' };
  for (let more = 0; more < 10; more += 1) {
    await fetch(`${server.url}/auth/login`, { method: 'POST', headers, body });
  }
  await expect(ann.page).toHaveURL(/\/login/);
  await expect(ann.page.getByRole('status')).toContainText('on so many devices');
  await signIn(ann.page, email);
  await ann.page.goto(`/chats/${chat}`);
  await expect(composer(ann.page)).toHaveValue('half a thought');
});
