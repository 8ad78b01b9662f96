import type { Page } from '@playwright/test';
import { type Absent, composer, expect, log, messageWith, type Someone, test } from './fixture';

/** Longest text, in bytes. */
const MOST = 16_384;

/** Someone in front of an empty chat. */
async function write(ann: Someone, bob: Absent): Promise<Page> {
  const chat = await ann.wire.privateWith(bob.id);
  await ann.page.goto(`/chats/${chat}`);
  await expect(composer(ann.page)).toBeFocused();
  return ann.page;
}

test('Enter belongs to the input method while it composes', async ({ join, meet }) => {
  const page = await write(await join('Ann'), await meet('Bob'));
  const keyboard = await page.context().newCDPSession(page);
  await keyboard.send('Input.imeSetComposition', {
    text: 'にほん',
    selectionStart: 3,
    selectionEnd: 3,
  });
  await expect(composer(page)).toHaveValue('にほん');
  await composer(page).evaluate((field) => {
    field.addEventListener('keydown', (event) => {
      field.dataset.composing = String((event as KeyboardEvent).isComposing);
    });
  });
  await page.keyboard.press('Enter');
  await expect(composer(page), 'it composes').toHaveAttribute('data-composing', 'true');
  await keyboard.send('Input.insertText', { text: '日本' });
  await expect(composer(page)).toHaveValue(/日本/);
  await expect(log(page)).toBeHidden();
  await composer(page).press('Enter');
  await expect(messageWith(page, '日本')).toHaveCount(1);
  await expect(log(page).getByRole('article')).toHaveCount(1);
  await expect(composer(page)).toHaveValue('');
});

test('the composer grows to eight lines and no further', async ({ join, meet }) => {
  const page = await write(await join('Ann'), await meet('Bob'));
  const heightOf = async (lines: number) => {
    await composer(page).fill(Array.from({ length: lines }, (_, n) => `line ${n}`).join('\n'));
    return (await composer(page).boundingBox())?.height ?? 0;
  };
  const line = await composer(page).evaluate((field) =>
    Number.parseFloat(getComputedStyle(field).lineHeight),
  );
  const one = await heightOf(1);
  for (const lines of [2, 5, 8]) expect(await heightOf(lines)).toBe(one + (lines - 1) * line);
  const most = await heightOf(8);
  const scrolls = () => composer(page).evaluate((field) => field.scrollHeight > field.clientHeight);
  expect(await scrolls(), 'eight lines are all in view').toBe(false);
  for (const lines of [9, 40]) expect(await heightOf(lines)).toBe(most);
  expect(await scrolls()).toBe(true);
  await expect(page.getByRole('button', { name: 'Send' })).toBeInViewport();
  await composer(page).press('Enter');
  await expect.poll(async () => (await composer(page).boundingBox())?.height).toBe(one);
});

test('near the limit a counter appears, and beyond it nothing is sent', async ({ join, meet }) => {
  const page = await write(await join('Ann'), await meet('Bob'));
  const send = page.getByRole('button', { name: 'Send' });
  const counter = page.getByText(/characters? (left|too long)/);
  await composer(page).fill('x'.repeat(MOST / 2));
  await expect(counter).toBeHidden();
  await composer(page).fill('x'.repeat(MOST - 100));
  await expect(counter).toHaveText('100 characters left');
  await composer(page).fill('x'.repeat(MOST + 1));
  await expect(counter).toHaveText('1 character too long');
  await expect(send).toBeDisabled();
  await composer(page).press('Enter');
  await expect(composer(page)).toHaveValue('x'.repeat(MOST + 1));
  await composer(page).fill('ж'.repeat(MOST / 2));
  await expect(counter).toHaveText('0 characters left');
  await composer(page).press('Enter');
  await expect(messageWith(page, 'жжж')).toContainText('Sent');
  await expect(counter).toBeHidden();
});
