import { chatRow, composer, expect, log, messageWith, test } from './fixture';

test('everything is reached by keys', async ({ join, meet }) => {
  const [ann, bob, cid] = [await join('Ann'), await meet('Bob'), await meet('Cid')];
  const first = await ann.wire.privateWith(bob.id);
  const second = await ann.wire.privateWith(cid.id);
  await ann.wire.say(first, 'one', 'two', 'three');
  await cid.wire.say(second, 'newest');
  const { page } = ann;
  await expect(chatRow(page, 'Cid')).toBeVisible();

  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('Bob');
  await expect(page.getByRole('option').first()).toContainText('Bob');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(first));
  await expect(composer(page)).toBeFocused();

  await page.keyboard.press('ArrowUp');
  await expect(messageWith(page, 'three')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(messageWith(page, 'two')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(messageWith(page, 'one')).toBeFocused();
  await page.keyboard.press('End');
  await expect(messageWith(page, 'three')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu')).toBeVisible();
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(messageWith(page, 'three')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(composer(page)).toBeFocused();

  await page.keyboard.press('Alt+ArrowUp');
  await expect(page).toHaveURL(new RegExp(second));
  await page.keyboard.press('Alt+ArrowDown');
  await expect(page).toHaveURL(new RegExp(first));

  await log(page).getByRole('article').last().focus();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('Enter sends, Shift+Enter breaks, and the skip link leads to the conversation', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  const { page } = ann;
  await page.goto(`/chats/${chat}`);
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await expect(composer(page)).toHaveValue('one\ntwo');
  await page.keyboard.press('Enter');
  await expect(composer(page)).toHaveValue('');
  await expect(messageWith(page, 'one')).toContainText('two');
  await page.getByRole('link', { name: 'Skip to the conversation' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});
