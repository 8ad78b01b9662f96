import type { Page } from '@playwright/test';
import { expect, log, messageWith, say, test } from './fixture';
import { atRest, gateOf, throughOnePage, uneven, wheel } from './reading';

/** From now on, the texts of messages that a screen reader would announce are kept. */
async function listen(page: Page): Promise<void> {
  await log(page).evaluate((box) => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    new MutationObserver((changes) => {
      if (box.getAttribute('aria-busy') === 'true') return;
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue;
          const added = node.matches('article') ? [node] : [...node.querySelectorAll('article')];
          const live = added.filter((one) => one.getAttribute('aria-live') !== 'off');
          heard.push(...live.map((one) => one.textContent ?? ''));
        }
      }
    }).observe(box, { childList: true, subtree: true });
  });
}

/** What was announced since one listens. */
const heard = (page: Page) => page.evaluate(() => (window as unknown as { heard: string[] }).heard);

test('older pages and what one scrolls to are not announced, new messages are', async ({
  meet,
  seat,
}) => {
  test.setTimeout(90_000);
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await reader.wire.privateWith(bob.id);
  const sent = await bob.wire.say(chat, ...uneven(400));
  await reader.wire.ask('message:read', { chatId: chat, seq: sent.at(-1)?.seq });
  const { page } = await seat(reader);
  await page.goto(`/chats/${chat}`);
  await expect(messageWith(page, 'message 399 ')).toBeInViewport();
  await atRest(page);
  await listen(page);

  const gate = await gateOf(page);
  await log(page).hover();
  for (let pages = 0; pages < 3; pages += 1) await throughOnePage(page, gate, -500);
  gate.remove();
  expect(await heard(page)).toEqual([]);
  await page.getByRole('button', { name: 'To the latest messages' }).click();
  await expect(messageWith(page, 'message 399 ')).toBeInViewport();
  await atRest(page);
  expect(await heard(page), 'on the way back').toEqual([]);

  await bob.wire.say(chat, 'something new');
  await expect.poll(() => heard(page)).toEqual([expect.stringContaining('something new')]);
  await say(page, 'my own');
  await expect(messageWith(page, 'my own')).toContainText('Sent');
  await bob.wire.say(chat, 'one after it');
  await expect.poll(() => heard(page)).toHaveLength(2);
  await log(page).hover();
  for (let turns = 0; turns < 5; turns += 1) await wheel(page, -200);
  expect(await heard(page), 'a little way up').toHaveLength(2);
});
