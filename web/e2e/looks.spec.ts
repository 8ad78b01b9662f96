import type { SignedIn } from '../src/protocol/SignedIn';
import { chatRow, composer, expect, log, messageWith, type Someone, test } from './fixture';
import { expectSound, scrollsSideways } from './sound';

const WIDTHS = { wide: 1280, narrow: 360 } as const;

/** Another session of someone's, on what calls itself Firefox; answers its token. */
async function signInAgain(url: string, { session }: Someone): Promise<string> {
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    },
    body: JSON.stringify({ email: session.user.email, password: 'correct horse' }),
  });
  return ((await response.json()) as SignedIn).accessToken;
}

/** A chat with a bit of everything. */
async function furnish(
  ann: Someone,
  bobId: string,
  cidId: string,
  say: (chat: string, ...texts: string[]) => Promise<{ id: string }[]>,
) {
  const chat = await ann.wire.group('Weekend', [bobId, cidId]);
  await ann.wire.say(chat, 'Who is in for Saturday?');
  const [first] = await say(
    chat,
    'Me! https://example.org/a-very-long-address/that-goes-on-and-on-and-on-and-on-and-on',
    'x'.repeat(300),
    '👍',
    'שלום עולם',
  );
  await ann.wire.ask('message:pin', { messageId: first?.id });
  return chat;
}

for (const theme of ['light', 'dark'] as const) {
  for (const [size, width] of Object.entries(WIDTHS)) {
    test(`every screen is accessible: ${theme}, ${size}`, async ({
      meet,
      seat,
      browser,
      server,
    }) => {
      test.setTimeout(120_000);
      const options = {
        colorScheme: theme,
        viewport: { width, height: 844 },
        reducedMotion: 'reduce',
      } as const;
      const outside = await browser.newContext({
        ...options,
        baseURL: server.url,
        locale: 'en-US',
      });
      const guest = await outside.newPage();
      for (const path of ['/login', '/register']) {
        await guest.goto(path);
        await expect(guest.getByRole('heading').first()).toBeVisible();
        await expectSound(guest, path);
      }
      await outside.close();

      const [bob, cid] = [await meet('Bob'), await meet('Cid')];
      const ann = await seat(await meet('Ann'), { ...options, locale: 'en-US' });
      const { page } = ann;
      const chat = await furnish(ann, bob.id, cid.id, (id, ...texts) => bob.wire.say(id, ...texts));
      await expect(chatRow(page, 'Weekend')).toBeVisible();
      await expectSound(page, 'the list');
      await page.goto(`/chats/${chat}`);
      await expect(messageWith(page, 'Me!')).toBeVisible();
      await expect(page.getByRole('region', { name: 'Pinned messages' })).toBeVisible();
      await expectSound(page, 'a chat');
      await page.getByRole('heading', { name: 'Weekend' }).click();
      await expect(page.getByRole('button', { name: 'Leave the group' })).toBeVisible();
      await expectSound(page, 'the details');
      await page.keyboard.press('Escape');
      await messageWith(page, 'Me!').click({ button: 'right' });
      await expect(page.getByRole('menu')).toBeVisible();
      await expectSound(page, 'the menu of a message');
      await page.getByRole('menuitem', { name: 'Select', exact: true }).click();
      await expect(page.getByRole('toolbar')).toBeVisible();
      await expectSound(page, 'selecting');
      await page.getByRole('toolbar').getByRole('button', { name: 'Forward' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await expectSound(page, 'forwarding');
      await page.keyboard.press('Escape');
      for (const path of ['/people', '/settings']) {
        await page.goto(path);
        await expect(page.getByRole('heading').first()).toBeVisible();
        await expectSound(page, path);
      }
      await signInAgain(server.url, ann);
      await page.goto('/settings/devices');
      const end = page.getByRole('button', { name: 'Sign out Firefox on Linux' });
      await expect(end).toBeVisible();
      await expectSound(page, 'the devices');
      await end.click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await expectSound(page, 'ending a device');
      await page.getByRole('dialog').getByRole('button', { name: 'Sign out', exact: true }).click();
      await expect(page.getByText('Firefox on Linux is signed out.')).toBeVisible();
      await page.getByRole('textbox', { name: 'Current password' }).fill('not the one');
      await page.getByRole('textbox', { name: 'New password' }).fill('battery staple');
      await page.getByRole('button', { name: 'Change password' }).click();
      await expect(page.getByText('This is not your current password.')).toBeVisible();
      await expectSound(page, 'a wrong password');
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog')).toBeVisible();
      await expectSound(page, 'the shortcuts');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('combobox')).toBeVisible();
      await expectSound(page, 'the switcher');
      const headers = { authorization: `Bearer ${await signInAgain(server.url, ann)}` };
      await fetch(`${server.url}/auth/sessions`, { method: 'DELETE', headers });
      await expect(page.getByRole('status')).toContainText('from another device');
      await expectSound(page, 'the sign-in with a reason');
    });
  }
}

test('on a narrow screen list and chat are two screens, and back leads back', async ({
  meet,
  seat,
}) => {
  const bob = await meet('Bob');
  const ann = await seat(await meet('Ann'), {
    viewport: { width: 360, height: 844 },
    hasTouch: true,
  });
  const chat = await bob.wire.privateWith(ann.id);
  await bob.wire.say(chat, 'hello');
  const { page } = ann;
  await chatRow(page, 'Bob').click();
  await expect(composer(page)).toBeInViewport();
  await expect(chatRow(page, 'Bob')).toBeHidden();
  await page.goBack();
  await expect(chatRow(page, 'Bob')).toBeVisible();
  await chatRow(page, 'Bob').click();
  await page
    .getByRole('button', { name: 'Back' })
    .or(page.getByRole('link', { name: 'Back' }))
    .click();
  await expect(page).toHaveURL(/\/chats$/);
});

test('the client speaks Russian when the browser does, or when asked to', async ({
  meet,
  seat,
}) => {
  const bob = await meet('Bob');
  const ann = await seat(await meet('Ann'), { locale: 'ru-RU' });
  const chat = await bob.wire.privateWith(ann.id);
  await bob.wire.say(chat, ...Array.from({ length: 5 }, (_, index) => `сообщение ${index}`));
  const { page } = ann;
  await expect(page.locator('html')).toHaveAttribute('lang', 'ru');
  await expect(page.getByRole('navigation')).toContainText('5 непрочитанных сообщений');
  await page.goto('/settings');
  await expect(page.getByRole('heading', { name: 'Настройки' })).toBeVisible();
  await page.getByLabel('English').check();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
});

test('a chosen theme stays, whatever the system says', async ({ join }) => {
  const { page } = await join('Ann', { colorScheme: 'light' });
  await page.goto('/settings');
  const background = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByLabel('Dark').check();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.reload();
  await expect.poll(background).toBe(dark);
});

test('the log is a polite live region, and own messages are not read back', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  await ann.wire.say(chat, 'mine');
  await bob.wire.say(chat, 'theirs');
  await ann.page.goto(`/chats/${chat}`);
  await expect(log(ann.page)).toHaveAttribute('aria-live', 'polite');
  await expect(log(ann.page)).toHaveAttribute('aria-relevant', 'additions');
  await expect(messageWith(ann.page, 'mine')).toHaveAttribute('aria-live', 'off');
  await expect(messageWith(ann.page, 'theirs')).not.toHaveAttribute('aria-live', 'off');
});

test('on a phone, everything about devices is large enough for a thumb', async ({
  meet,
  seat,
  server,
}) => {
  const viewport = { width: 360, height: 740 };
  const ann = await seat(await meet('Ann'), { viewport, hasTouch: true, isMobile: true });
  await signInAgain(server.url, ann);
  const { page } = ann;
  await page.goto('/settings/devices');
  await expect(page.getByRole('button', { name: 'Sign out Firefox on Linux' })).toBeVisible();
  const controls = page.getByRole('main').locator('button:visible, a:visible, input:visible');
  const boxes = await controls.evaluateAll((all) =>
    all.map((control) => {
      const { width, height } = control.getBoundingClientRect();
      return { what: control.getAttribute('aria-label') ?? control.textContent, width, height };
    }),
  );
  expect(boxes.length).toBeGreaterThan(6);
  for (const { what, width, height } of boxes) {
    expect(Math.min(width, height), `${what}`).toBeGreaterThanOrEqual(44);
  }
  expect(await scrollsSideways(page)).toBe(false);
});
