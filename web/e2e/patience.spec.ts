import { expect, online, test } from './fixture';

test('the connection bar comes after a second of trouble, not before', async ({ join }) => {
  const { page, context } = await join('Ann');
  await page.clock.install();
  await page.reload();
  await expect(online(page)).toBeVisible();
  const bar = page.locator('.connection-bar');
  const short = page.locator('.account-state');
  await page.clock.pauseAt(new Date(Date.now() + 1000));

  await context.setOffline(true);
  await expect(short).toHaveText('Offline');
  await page.clock.runFor(900);
  await expect(bar).toHaveCount(0);
  await page.clock.runFor(200);
  await expect(bar).toHaveText(/You are offline/);
  await context.setOffline(false);
  await expect(online(page)).toBeVisible();
  await expect(bar).toHaveCount(0);

  await context.setOffline(true);
  await expect(short).toHaveText('Offline');
  await page.clock.runFor(900);
  await context.setOffline(false);
  await expect(online(page)).toBeVisible();
  await page.clock.runFor(5000);
  await expect(bar, 'what was over within a second').toHaveCount(0);
});
