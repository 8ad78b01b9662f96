import { expect, online, test } from './fixture';

const PASSWORD = 'correct horse';

test('someone registers, stays signed in, signs out in all tabs and back in', async ({
  context,
  page,
}) => {
  const email = `ann.${crypto.randomUUID().slice(0, 8)}@example.org`;
  await page.goto('/');
  await expect(page).toHaveURL(/\/login$/);
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.getByLabel('Name').fill('Ann Able');
  await page.getByLabel('Email').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL(/\/chats$/);
  await expect(online(page)).toBeVisible();

  await page.reload();
  await expect(page.getByRole('navigation').getByText('Ann Able')).toBeVisible();
  await expect(online(page)).toBeVisible();

  const second = await context.newPage();
  await second.goto('/settings');
  await expect(second.getByText(email)).toBeVisible();
  await page.getByRole('button', { name: 'Menu', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await expect(second).toHaveURL(/\/login/);
  const databases = () => page.evaluate(async () => (await indexedDB.databases()).length);
  await expect.poll(databases, 'nothing of theirs stays in the browser').toBe(0);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();

  await page.getByLabel('Email').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill('wrong horse');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('Email or password is wrong.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(online(page)).toBeVisible();
});

test('an address that is taken is said so where it was entered', async ({ page, meet }) => {
  const { session } = await meet('Ann');
  await page.goto('/register');
  await page.getByLabel('Name').fill('Another Ann');
  await page.getByLabel('Email').fill(session.user.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText(/already an account with this address/)).toBeVisible();
});

test('a session that was ended elsewhere leads to the sign-in, with the reason', async ({
  server,
  join,
}) => {
  const { page, session } = await join('Ann');
  const headers = { authorization: `Bearer ${session.accessToken}` };
  await fetch(`${server.url}/auth/logout`, { method: 'POST', headers });
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByRole('status')).toHaveText('You have signed out.');
});

test('a token that the server does not know leads to the sign-in', async ({ server, browser }) => {
  const user = { id: crypto.randomUUID(), email: 'x@example.org', name: 'Nobody' };
  const value = JSON.stringify({ accessToken: 'nonsense', user });
  const localStorage = [{ name: 'zvon.session', value }];
  const origins = [{ origin: server.url, localStorage }];
  const context = await browser.newContext({
    baseURL: server.url,
    storageState: { cookies: [], origins },
  });
  const page = await context.newPage();
  await page.goto('/chats');
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByText(/has expired/)).toBeVisible();
  await context.close();
});

test('a wanted page is reached after signing in', async ({ page, meet }) => {
  const { session } = await meet('Ann');
  await page.goto('/settings');
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('Email').fill(session.user.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/settings$/);
});
