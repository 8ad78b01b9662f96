import { actOn, chatRow, composer, expect, log, messageWith, say, test } from './fixture';

test('two people find each other, write, and see what has arrived and been read', async ({
  join,
}) => {
  const [ann, bob] = [await join('Ann'), await join('Bob')];
  await ann.page
    .getByRole('searchbox')
    .or(ann.page.getByLabel('Search people and chats'))
    .first()
    .fill(bob.session.user.email);
  await ann.page.getByRole('button', { name: /Bob/ }).click();
  await expect(ann.page.getByRole('heading', { name: 'Bob' })).toBeVisible();
  const presence = ann.page.getByRole('heading', { name: 'Bob' }).locator('xpath=../*[2]');
  await expect(presence).toHaveText('online');
  await expect(composer(ann.page)).toBeFocused();

  await say(ann.page, 'Hello Bob');
  await expect(messageWith(ann.page, 'Hello Bob')).toContainText('Delivered');
  await expect(chatRow(bob.page, 'Ann')).toContainText('1 unread message');
  await expect(bob.page).toHaveTitle(/^\(1\)/);

  await chatRow(bob.page, 'Ann').click();
  await expect(messageWith(bob.page, 'Hello Bob')).toBeVisible();
  await expect(log(bob.page).getByText('New', { exact: true })).toBeVisible();
  await expect(messageWith(ann.page, 'Hello Bob')).toContainText('Read');
  await expect(chatRow(bob.page, 'Ann')).not.toContainText('unread');

  await composer(bob.page).pressSequentially('Hi');
  await expect(ann.page.getByRole('main').getByText('typing…')).toBeVisible();
  await composer(bob.page).press('Enter');
  await expect(messageWith(ann.page, 'Hi')).toBeVisible();
  await expect(ann.page.getByRole('main').getByText('typing…')).toBeHidden();

  bob.wire.close();
  await bob.context.close();
  await expect(presence).toContainText('last seen', { timeout: 25_000 });
});

test('what is written but not sent survives a reload, and the tabs agree on it', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  await ann.page.goto(`/chats/${chat}`);
  await composer(ann.page).fill('half a thou');
  await ann.page.reload();
  await expect(composer(ann.page)).toHaveValue('half a thou');
  const second = await ann.context.newPage();
  await second.goto(`/chats/${chat}`);
  await expect(composer(second)).toHaveValue('half a thou');
  await second.goto('/chats');
  await expect(chatRow(second, 'Bob')).toContainText('Draft:');
});

test('unread messages stay marked where they began, and reading is known in other tabs', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await bob.wire.privateWith(ann.id);
  await bob.wire.say(chat, ...Array.from({ length: 60 }, (_, index) => `number ${index}`));
  await expect(chatRow(ann.page, 'Bob')).toContainText('60 unread messages');
  const second = await ann.context.newPage();
  await second.goto('/chats');
  await expect(chatRow(second, 'Bob')).toContainText('60 unread messages');
  await chatRow(ann.page, 'Bob').click();
  await expect(log(ann.page).getByText('New', { exact: true })).toBeInViewport();
  await expect(messageWith(ann.page, 'number 0')).toBeInViewport();
  await ann.page.getByRole('button', { name: /new$|latest/ }).click();
  await expect(messageWith(ann.page, 'number 59')).toBeInViewport();
  await expect(chatRow(ann.page, 'Bob')).not.toContainText('unread');
  await expect(chatRow(second, 'Bob')).not.toContainText('unread');
});

test('text is shown as text: links, breaks, markup, other directions', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await bob.wire.privateWith(ann.id);
  await bob.wire.say(
    chat,
    'see https://example.org/a?b=c.',
    '<img src=x onerror=alert(1)>',
    'one\ntwo',
    'javascript:alert(1)',
  );
  await ann.page.goto(`/chats/${chat}`);
  const link = log(ann.page).getByRole('link');
  await expect(link).toHaveCount(1);
  await expect(link).toHaveAttribute('href', 'https://example.org/a?b=c');
  await expect(link).toHaveAttribute('rel', /noopener/);
  await expect(messageWith(ann.page, '<img src=x')).toBeVisible();
  await expect(log(ann.page).locator('img')).toHaveCount(0);
});

test('a message is pinned, found in the bar, and unpinned', async ({ join }) => {
  const [ann, bob] = [await join('Ann'), await join('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  await ann.wire.say(
    chat,
    'remember this',
    ...Array.from({ length: 150 }, (_, index) => `filler ${index}`),
  );
  await ann.page.goto(`/chats/${chat}`);
  await bob.page.goto(`/chats/${chat}?at=2`);
  await actOn(bob.page, 'remember this', 'Pin');
  const bar = ann.page.getByRole('region', { name: 'Pinned messages' });
  await expect(bar).toContainText('remember this');
  await bar.getByRole('button', { name: /remember this/ }).click();
  await expect(messageWith(ann.page, 'remember this')).toBeInViewport();
  await ann.page.reload();
  await bar.getByRole('button', { name: 'Unpin' }).click();
  await expect(bar).toBeHidden();
  await expect(bob.page.getByRole('region', { name: 'Pinned messages' })).toBeHidden();
});

test('one message is forwarded with a comment, then several in their order', async ({
  join,
  meet,
}) => {
  const [ann, bob, cid] = [await join('Ann'), await meet('Bob'), await meet('Cid')];
  const source = await ann.wire.privateWith(bob.id);
  const target = await ann.wire.privateWith(cid.id);
  await bob.wire.say(source, 'first', 'second', 'third');
  await ann.wire.say(target, 'hello Cid');
  await ann.page.goto(`/chats/${source}`);
  await actOn(ann.page, 'first', 'Forward');
  const dialog = ann.page.getByRole('dialog');
  await dialog.getByText('Cid').click();
  await dialog.getByLabel('Comment (optional)').fill('look');
  await dialog.getByRole('button', { name: 'Forward to Cid' }).click();
  await expect(ann.page).toHaveURL(new RegExp(target));
  await expect(messageWith(ann.page, 'Forwarded from Bob')).toContainText('look');

  await ann.page.goto(`/chats/${source}`);
  await actOn(ann.page, 'second', 'Select');
  await messageWith(ann.page, 'third').click();
  await expect(ann.page.getByRole('toolbar')).toContainText('2 selected');
  await ann.page.getByRole('toolbar').getByRole('button', { name: 'Forward' }).click();
  await dialog.getByText('Cid').click();
  await dialog.getByRole('button', { name: 'Forward to Cid' }).click();
  await expect(messageWith(ann.page, 'third')).toBeVisible();
  const forwarded = log(ann.page).getByRole('article').filter({ hasText: 'Forwarded from Bob' });
  await expect(forwarded).toHaveCount(3);
  await expect(forwarded.nth(1)).toContainText('second');
  await expect(forwarded.nth(2)).toContainText('third');
});

test('a forwarded message leads to its original, for those who may see it', async ({
  join,
  meet,
  seat,
}) => {
  const [ann, bob, cid] = [await join('Ann'), await meet('Bob'), await seat(await meet('Cid'))];
  const source = await ann.wire.privateWith(bob.id);
  const target = await ann.wire.privateWith(cid.id);
  const [original] = await bob.wire.say(source, 'the original');
  const fillers = Array.from({ length: 150 }, (_, index) => `filler ${index}`);
  await ann.wire.say(source, ...fillers);
  for (const toChatId of [target, source]) {
    await ann.wire.ask('message:forward', { messageId: original?.id, toChatId });
  }
  const label = { name: 'Forwarded from Bob', exact: true };
  const found = messageWith(ann.page, 'the original').and(ann.page.locator('.message-other'));

  await ann.page.goto(`/chats/${target}`);
  await log(ann.page).getByRole('button', label).click();
  await expect(ann.page).toHaveURL(`/chats/${source}?at=${original?.seq}`);
  await expect(found).toHaveClass(/message-highlighted/);
  await expect(found).toBeInViewport();

  await ann.page.goto(`/chats/${source}`);
  await log(ann.page).getByRole('button', label).click();
  await expect(found).toHaveClass(/message-highlighted/);
  await expect(found).toBeInViewport();

  await cid.page.goto(`/chats/${target}`);
  await log(cid.page).getByRole('button', label).click();
  await expect(cid.page.getByText('The original is not in a chat of yours.')).toBeVisible();
  await expect(cid.page).toHaveURL(`/chats/${target}`);
});
