/** Watching a reader's place in the message list. */
import type { Page } from '@playwright/test';
import { expect, log } from './fixture';

/** How far a message may move while a page loads (px). */
export const STILL = 2;

/** Messages of very different heights; each is found by its `message n`. */
export function uneven(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const words = 'lorem ipsum dolor sit amet consectetur '.repeat(1 + ((index * 7) % 13));
    const lines = '\nanother line'.repeat((index * 5) % 7);
    return `message ${index} ${index % 3 ? words : ''}${index % 4 === 1 ? lines : ''}`;
  });
}

/** The message in the middle of the view, and where it is. */
export function middleMessage(page: Page): Promise<{ text: string; top: number }> {
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

/** Where the same message is after something happened; far away if it is gone. */
export function placeOf(page: Page, text: string): Promise<number> {
  return log(page).evaluate((box, wanted) => {
    const isWanted = (one: Element) => one.textContent?.match(/message \d+/)?.[0] === wanted;
    const found = [...box.querySelectorAll('article')].find(isWanted);
    return found?.getBoundingClientRect().top ?? Number.MAX_SAFE_INTEGER;
  }, text);
}

/** Waits until nothing in the list has moved for a few frames. */
export async function atRest(page: Page): Promise<void> {
  await log(page).evaluate(async (box) => {
    const place = () =>
      `${box.scrollTop} ${box.scrollHeight} ${box.querySelectorAll('article').length}`;
    for (let [calm, before] = [0, place()]; calm < 6; ) {
      await new Promise(requestAnimationFrame);
      calm = place() === before ? calm + 1 : 0;
      before = place();
    }
  });
}

/** Turns the wheel, and waits until the list has come to rest after it. */
export async function wheel(page: Page, by: number): Promise<void> {
  const before = await log(page).evaluate((box) => box.scrollTop);
  await page.mouse.wheel(0, by);
  await page.waitForFunction(
    (was) => document.querySelector('[role="log"]')?.scrollTop !== was,
    before,
  );
  await atRest(page);
}

/** Pages of history that wait until they are let through. */
export interface Gate {
  /** Pages that were asked for so far, and those of them that wait. */
  asked(): number;
  waiting(): number;
  /** Lets through what waits. */
  open(): void;
  /** Lets through everything from now on. */
  remove(): void;
}

/** From now on, every page of history waits. */
export async function gateOf(page: Page): Promise<Gate> {
  let asked = 0;
  let waiting: (() => void)[] = [];
  let isGone = false;
  await page.route('**/messages?*', async (route) => {
    asked += 1;
    if (!isGone) await new Promise<void>((resolve) => waiting.push(resolve));
    await route.continue();
  });
  const open = () => {
    const all = waiting;
    waiting = [];
    for (const letThrough of all) letThrough();
  };
  const remove = () => {
    isGone = true;
    open();
  };
  return { asked: () => asked, waiting: () => waiting.length, open, remove };
}

/** Reads on until a page is asked for, and lets it come; how far it moved what was read (px). */
export async function throughOnePage(page: Page, gate: Gate, by: number): Promise<number> {
  while (gate.waiting() === 0) await wheel(page, by);
  const before = await middleMessage(page);
  expect(before.text, 'there is a message to look at').not.toBe('');
  const height = () => log(page).evaluate((box) => box.scrollHeight);
  const shorter = await height();
  gate.open();
  await expect.poll(height, 'the page has come').toBeGreaterThan(shorter);
  await expect(page.getByText(/^Loading (earlier|newer) messages…$/)).toBeHidden();
  await atRest(page);
  return Math.abs((await placeOf(page, before.text)) - before.top);
}
