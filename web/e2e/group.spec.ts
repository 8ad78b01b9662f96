import { actOn, chatRow, expect, messageWith, say, test } from './fixture';

test('a group is made, renamed, joined, read, and left', async ({ join, meet }) => {
  const [ann, bob, cid] = [await join('Ann'), await join('Bob'), await meet('Cid')];
  await ann.page.reload();
  await ann.page.getByRole('button', { name: 'New group' }).click();
  const dialog = ann.page.getByRole('dialog');
  await dialog.getByLabel('Name of the group').fill('Crew');
  await dialog.getByLabel('Find people').fill(bob.session.user.email);
  await dialog.getByText(bob.session.user.email).click();
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await expect(ann.page.getByRole('heading', { name: 'Crew' })).toBeVisible();

  await chatRow(bob.page, 'Crew').click();
  await ann.page.getByRole('button', { name: 'Chat details' }).click();
  await ann.page.getByRole('button', { name: 'Rename' }).click();
  await ann.page.getByRole('complementary').getByRole('textbox').fill('Band');
  await ann.page.getByRole('button', { name: 'Save' }).click();
  await expect(bob.page.getByRole('heading', { name: 'Band' })).toBeVisible();

  await ann.page.getByRole('button', { name: 'Add people' }).click();
  await dialog.getByLabel('Find people').fill(cid.session.user.email);
  await dialog.getByText(cid.session.user.email).click();
  await dialog.getByRole('button', { name: 'Add people' }).click();
  await expect(
    ann.page.getByRole('heading', { name: 'Band' }).locator('xpath=../*[2]'),
  ).toContainText('3 members');
  await ann.page.keyboard.press('Escape');

  await say(ann.page, 'to all of you');
  await expect(messageWith(bob.page, 'to all of you')).toBeVisible();
  await expect(
    messageWith(ann.page, 'to all of you').getByRole('button', { name: 'Read by 1 of 2' }),
  ).toBeVisible();
  await actOn(ann.page, 'to all of you', 'Who has read this');
  await expect(dialog.getByRole('region', { name: 'Read', exact: true })).toContainText('Bob');
  await expect(dialog).toContainText('Cid');
  await ann.page.keyboard.press('Escape');

  await bob.page.getByRole('button', { name: 'Chat details' }).click();
  await bob.page.getByRole('button', { name: 'Leave the group' }).click();
  await bob.page.getByRole('dialog').getByRole('button', { name: /Leave/ }).click();
  await expect(chatRow(bob.page, 'Band')).toBeHidden();
  await expect(
    ann.page.getByRole('heading', { name: 'Band' }).locator('xpath=../*[2]'),
  ).toContainText('2 members');
});
