import type { Locator, Page } from '@playwright/test';
import { chatRow, composer, expect, messageWith, type Someone, test } from './fixture';

/** A group chat on the screen, with a message of one's own and two pinned ones. */
async function open(ann: Someone, others: string[]): Promise<Page> {
  const chat = await ann.wire.group('Crew', others);
  const pinned = await ann.wire.say(chat, 'first', 'second', 'mine');
  for (const { id } of pinned.slice(0, 2)) await ann.wire.ask('message:pin', { messageId: id });
  await ann.page.goto(`/chats/${chat}`);
  await expect(messageWith(ann.page, 'mine')).toBeVisible();
  await expect(ann.page.getByRole('button', { name: 'All pinned messages' })).toBeVisible();
  return ann.page;
}

/** Closed by Esc and by its cross, a dialog gives the focus back to where it was. */
async function expectBack(page: Page, from: Locator, show: () => Promise<void>): Promise<void> {
  const dialog = page.getByRole('dialog');
  for (const close of ['Escape', 'the cross'] as const) {
    await show();
    await expect(dialog).toBeVisible();
    await expect(dialog.locator(':focus')).toHaveCount(1);
    if (close === 'Escape') await page.keyboard.press('Escape');
    else await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(dialog).toBeHidden();
    await expect(from, `after ${close}`).toBeFocused();
  }
}

test('the focus comes back from every dialog to where it was', async ({ join, meet }) => {
  const [bob, cid] = [await meet('Bob'), await meet('Cid')];
  const page = await open(await join('Ann'), [bob.id, cid.id]);
  const press = (name: string) => async () => {
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const choose = (start: Locator, item: string) => async () => {
    await start.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: item, exact: true }).click();
  };
  const message = messageWith(page, 'mine');

  await expectBack(page, button('All pinned messages'), press('All pinned messages'));
  await expectBack(page, button('New group'), press('New group'));
  await expectBack(page, message, choose(message, 'Forward'));
  await expectBack(page, message, choose(message, 'Who has read this'));
  await expectBack(page, button('Menu'), choose(button('Menu'), 'Keyboard shortcuts'));
  await expectBack(page, composer(page), async () => {
    await composer(page).focus();
    await page.keyboard.press('Control+k');
  });
  await expectBack(page, chatRow(page, 'Crew'), async () => {
    await chatRow(page, 'Crew').focus();
    await page.keyboard.press('?');
  });

  await press('Chat details')();
  await expectBack(page, button('Add people'), press('Add people'));
  await expectBack(page, button('Leave the group'), press('Leave the group'));
  const member = button('Actions for Bob');
  await expectBack(page, member, choose(member, 'Remove from the group'));
  await press('Rename')();
  await expect(page.getByLabel('Name of the group')).toBeFocused();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(button('Rename')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('complementary')).toBeHidden();
  await expect(button('Chat details')).toBeFocused();
});

test('what a message’s own buttons open leads back to it', async ({ join, meet }) => {
  const page = await open(await join('Ann'), [(await meet('Bob')).id]);
  const message = messageWith(page, 'mine');
  await message.hover();
  await message.getByRole('button', { name: 'Forward' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(message).toBeFocused();
  await message.hover();
  await message.getByRole('button', { name: 'Message actions' }).click();
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(message).toBeFocused();
  const ticks = message.getByRole('button', { name: /^Read by/ });
  await ticks.click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(ticks).toBeFocused();
});
