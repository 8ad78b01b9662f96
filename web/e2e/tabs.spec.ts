import type { Page } from '@playwright/test';
import { become, chatRow, expect, online, type Someone, test } from './fixture';

/** What a page has shown on the desktop. */
const shown = (page: Page) =>
  page.evaluate(() => (window as unknown as { shown: string[][] }).shown);

/** A browser that notifies, as its owner wants. */
async function withNotifications({ context, page }: Someone): Promise<void> {
  await context.grantPermissions(['notifications']);
  await context.addInitScript(() => {
    const shown: string[][] = [];
    class Shown {
      static permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title: string, { body }: { body: string }) {
        shown.push([title, body]);
      }
    }
    Object.assign(window, { Notification: Shown, shown });
  });
  await page.goto('/settings');
  await page.getByRole('switch').check();
}

test('the tab counts what is unread in its title, and its icon has a dot meanwhile', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await bob.wire.privateWith(ann.id);
  const { page } = ann;
  const icon = page.locator('link[rel="icon"]');
  await expect(page).toHaveTitle('Chats · Zvon');
  await expect(icon).toHaveAttribute('href', '/icon.svg');
  await become(page, 'hidden');
  await bob.wire.say(chat, 'one', 'two');
  await expect(page).toHaveTitle('(2) Chats · Zvon');
  await expect(icon).toHaveAttribute('href', '/icon-unread.svg');
  const dotted = await page.evaluate(() => fetch('/icon-unread.svg').then((found) => found.text()));
  expect(dotted).toContain('<circle');

  await become(page, 'visible');
  await chatRow(page, 'Bob').click();
  await expect(page).toHaveTitle('Bob · Zvon');
  await expect(icon).toHaveAttribute('href', '/icon.svg');
});

test('a hidden page tells of new messages, if that is wanted', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await bob.wire.privateWith(ann.id);
  await withNotifications(ann);
  await bob.wire.say(chat, 'while she looks');
  await expect(chatRow(ann.page, 'Bob')).toContainText('while she looks');
  await become(ann.page, 'hidden');
  await bob.wire.say(chat, 'while she does not');
  await expect.poll(() => shown(ann.page)).toEqual([['Bob', 'while she does not']]);
});

test('a hidden tab says nothing while another one is in view', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await bob.wire.privateWith(ann.id);
  await withNotifications(ann);
  const second = await ann.context.newPage();
  await second.goto('/chats');
  // From then on it says that it is in view.
  await expect(online(second)).toBeVisible();
  await become(ann.page, 'hidden');
  await bob.wire.say(chat, 'she looks at the other tab');
  for (const page of [ann.page, second]) {
    await expect(chatRow(page, 'Bob')).toContainText('she looks at the other tab');
  }
  await become(second, 'hidden');
  await bob.wire.say(chat, 'she looks at neither');
  for (const page of [ann.page, second]) {
    await expect.poll(() => shown(page)).toEqual([['Bob', 'she looks at neither']]);
  }
  await second.close();
  await become(ann.page, 'visible');
  await bob.wire.say(chat, 'she is back');
  await expect(chatRow(ann.page, 'Bob')).toContainText('she is back');
  expect(await shown(ann.page)).toHaveLength(1);
});
