import type { BrowserContextOptions, Page } from '@playwright/test';
import { chatRow, composer, expect, messageWith, type Someone, test } from './fixture';
import { atRest } from './reading';
import { smallTargets } from './targets';

const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
  reducedMotion: 'reduce',
};
/** A narrow window of a desktop. */
const WINDOW: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  reducedMotion: 'reduce',
};
/** A small laptop's window, at 200 %. */
const ZOOMED: BrowserContextOptions = {
  viewport: { width: 640, height: 400 },
  deviceScaleFactor: 2,
  reducedMotion: 'reduce',
};
const SIZES = { 'a phone': PHONE, 'a narrow window': WINDOW, 'a zoomed page': ZOOMED };

type Check = (page: Page, screen: string) => Promise<void>;

/** Nothing is too small to be pressed, and nothing lies beside the page. */
const fits: Check = async (page, screen) => {
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect.soft(sideways, `${screen} scrolls sideways`).toBe(0);
  // What has just opened may still be finding its place.
  const large = async () => expect(await smallTargets(page), screen).toEqual([]);
  await expect(large).toPass({ timeout: 5000 });
};

/** A group with something of everything that can be pressed. */
async function furnish(ann: Someone, bobId: string, cidId: string): Promise<string> {
  const chat = await ann.wire.group('Weekend', [bobId, cidId]);
  const [first, second] = await ann.wire.say(chat, 'Who is in?', 'line\n'.repeat(30));
  for (const found of [first, second]) {
    await ann.wire.ask('message:pin', { messageId: found?.id });
    await ann.wire.ask('message:forward', { messageId: found?.id, toChatId: chat });
  }
  return chat;
}

/** Goes to every screen and opens everything that can be opened. */
async function everywhere(ann: Someone, chat: string, check: Check): Promise<void> {
  const { page } = ann;
  const dialog = page.getByRole('dialog');
  const closed = async () => {
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  };
  await expect(chatRow(page, 'Weekend')).toBeVisible();
  await check(page, 'the list');
  await page.getByRole('button', { name: 'Menu' }).click();
  await check(page, 'the menu');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'New group' }).click();
  await check(page, 'a new group');
  await closed();
  const search = page.getByLabel('Search people and chats');
  await search.fill('Week');
  await check(page, 'what was found');
  await search.fill('');
  await page.keyboard.press('Control+k');
  await expect(dialog).toBeVisible();
  await check(page, 'the switcher');
  await closed();

  await page.goto(`/chats/${chat}`);
  await expect(messageWith(page, 'Forwarded from').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'All pinned messages' })).toBeVisible();
  await composer(page).fill('a draft');
  await atRest(page);
  await check(page, 'a chat');
  await page.getByRole('button', { name: 'All pinned messages' }).click();
  await check(page, 'pinned messages');
  await closed();
  await messageWith(page, 'Who is in?').last().click({ button: 'right' });
  await check(page, 'the actions of a message');
  await page.getByRole('menuitem', { name: 'Forward', exact: true }).click();
  await check(page, 'forwarding');
  await closed();
  await messageWith(page, 'Who is in?').last().click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Who has read this' }).click();
  await check(page, 'readers');
  await closed();
  await messageWith(page, 'Who is in?').last().click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Select', exact: true }).click();
  await atRest(page);
  await check(page, 'selecting');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Chat menu' }).click();
  await page.getByRole('menuitem', { name: 'Chat details' }).click();
  const details = page.getByRole('complementary');
  await expect(details).toBeVisible();
  await check(page, 'the details');
  await details.getByRole('button', { name: 'Add people' }).click();
  await check(page, 'adding people');
  await closed();
  await details.getByRole('button', { name: 'Leave the group' }).click();
  await check(page, 'leaving');
  await closed();
  await details.getByRole('button', { name: 'Rename' }).click();
  await check(page, 'renaming');

  for (const path of ['/people', '/settings']) {
    await page.goto(path);
    await expect(page.getByRole('heading').first()).toBeVisible();
    await check(page, path);
  }
  await page.keyboard.press('?');
  await expect(dialog).toBeVisible();
  await check(page, 'the shortcuts');
}

for (const [place, options] of Object.entries(SIZES)) {
  test(`on ${place} everything is in reach of a finger`, async ({
    meet,
    seat,
    browser,
    server,
  }) => {
    test.setTimeout(120_000);
    const outside = await browser.newContext({ ...options, baseURL: server.url, locale: 'en-US' });
    const guest = await outside.newPage();
    for (const path of ['/login', '/register']) {
      await guest.goto(path);
      await expect(guest.getByRole('heading').first()).toBeVisible();
      await fits(guest, path);
    }
    await outside.close();
    const [bob, cid] = [await meet('Bob'), await meet('Cid')];
    const ann = await seat(await meet('Ann'), { ...options, locale: 'en-US' });
    await everywhere(ann, await furnish(ann, bob.id, cid.id), fits);
  });
}
