import type { Page } from '@playwright/test';
import { expect, log, messageWith, say, test } from './fixture';

/** How many messages the long chat has. */
const COUNT = 5000;
/** How far a message may move while a page loads (px). */
const STILL = 2;

/** Messages of very different heights. */
const uneven = Array.from({ length: COUNT }, (_, index) => {
  const words = 'lorem ipsum dolor sit amet consectetur '.repeat(1 + ((index * 7) % 13));
  const lines = '\nanother line'.repeat((index * 5) % 7);
  return `message ${index} ${index % 3 ? words : ''}${index % 4 === 1 ? lines : ''}`;
});

/** The topmost whole message in view, and where it is. */
function topMessage(page: Page): Promise<{ text: string; top: number }> {
  return log(page).evaluate((box) => {
    const { top, bottom } = box.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    const found = [...box.querySelectorAll('article')].find((one) => {
      const place = one.getBoundingClientRect();
      return place.top <= middle && place.bottom >= middle;
    });
    const text = found?.textContent?.match(/message \d+/)?.[0] ?? '';
    return { text, top: found?.getBoundingClientRect().top ?? 0 };
  });
}

/** The same message after something happened. */
function placeOf(page: Page, text: string): Promise<number | null> {
  return log(page).evaluate((box, wanted) => {
    const isWanted = (one: Element) => one.textContent?.match(/message \d+/)?.[0] === wanted;
    const found = [...box.querySelectorAll('article')].find(isWanted);
    return found?.getBoundingClientRect().top ?? null;
  }, text);
}

test('a long chat is read up and down without what one looks at moving', async ({ meet, seat }) => {
  test.setTimeout(240_000);
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await reader.wire.privateWith(bob.id);
  await bob.wire.say(chat, ...uneven.slice(0, COUNT - 1));
  await reader.wire.say(chat, `${uneven[COUNT - 1]} the end`);
  const ann = await seat(reader);
  await ann.page.goto(`/chats/${chat}`);
  await expect(messageWith(ann.page, 'the end')).toBeInViewport();

  const pages: string[] = [];
  ann.page.on('request', (request) => {
    if (request.url().includes('/messages?')) pages.push(request.url());
  });
  await log(ann.page).hover();
  let worst = 0;
  for (let turns = 0; pages.length < 10 && turns < 400; turns += 1) {
    await ann.page.mouse.wheel(0, -700);
    await ann.page.waitForTimeout(60);
    const before = await topMessage(ann.page);
    await ann.page.waitForTimeout(90);
    const after = await placeOf(ann.page, before.text);
    expect(after, `${before.text} is still there`).not.toBeNull();
    worst = Math.max(worst, Math.abs((after ?? 0) - before.top));
  }
  expect(pages.length).toBeGreaterThanOrEqual(10);
  expect(worst).toBeLessThanOrEqual(STILL);

  const reading = await topMessage(ann.page);
  await bob.wire.say(chat, 'something new');
  await expect(ann.page.getByRole('button', { name: '1 new' })).toBeVisible();
  expect(
    Math.abs(((await placeOf(ann.page, reading.text)) ?? 1e6) - reading.top),
  ).toBeLessThanOrEqual(STILL);

  await ann.page.getByRole('button', { name: '1 new' }).click();
  await expect(messageWith(ann.page, 'something new')).toBeInViewport();
  await expect(ann.page.getByRole('button', { name: /new$|latest/ })).toBeHidden();
  const gap = () =>
    log(ann.page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await expect.poll(gap).toBeLessThanOrEqual(1);

  await bob.wire.say(chat, 'followed by this');
  await expect(messageWith(ann.page, 'followed by this')).toBeInViewport();
  await expect.poll(gap).toBeLessThanOrEqual(1);

  await ann.page.goto(`/chats/${chat}?at=2500`);
  await expect(messageWith(ann.page, 'message 2498 ')).toBeInViewport();
  await ann.page.getByRole('button', { name: /new$|latest/ }).click();
  await expect(messageWith(ann.page, 'followed by this')).toBeInViewport();
  await say(ann.page, 'and an answer');
  await expect(messageWith(ann.page, 'and an answer')).toBeInViewport();
});
