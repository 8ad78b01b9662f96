import type { Page } from '@playwright/test';
import { type Absent, chatRow, expect, log, messageWith, say, test } from './fixture';
import {
  atRest,
  gateOf,
  middleMessage,
  placeOf,
  STILL,
  throughOnePage,
  uneven,
  wheel,
} from './reading';

/** How many messages the chat has, and how many of them its reader has read. */
const COUNT = 900;
const READ = 200;

/** The button to the end of the list. */
const toLatest = (page: Page) => page.getByRole('button', { name: /new$|latest/ });

/** A chat of which its reader has seen the beginning. */
async function halfRead(ann: Absent, bob: Absent): Promise<string> {
  const chat = await ann.wire.privateWith(bob.id);
  const sent = await bob.wire.say(chat, ...uneven(COUNT));
  const seq = sent[READ - 1]?.seq;
  await ann.wire.ask('message:read', { chatId: chat, seq });
  return chat;
}

test('from the first unread message one reads down, page by page, to the newest', async ({
  meet,
  seat,
}) => {
  test.setTimeout(180_000);
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await halfRead(reader, bob);
  const { page } = await seat(reader);
  await chatRow(page, 'Bob').click();
  await expect(log(page).getByText('New', { exact: true })).toBeInViewport();
  await expect(messageWith(page, `message ${READ} `).first()).toBeInViewport();
  await atRest(page);

  const gate = await gateOf(page);
  await log(page).hover();
  let worst = 0;
  for (let pages = 0; pages < 10; pages += 1) {
    worst = Math.max(worst, await throughOnePage(page, gate, 700));
  }
  expect(worst).toBeLessThanOrEqual(STILL);
  expect(gate.asked()).toBeGreaterThanOrEqual(10);

  // The rest without looking back: nothing may hold the reader up before the end.
  gate.remove();
  const newest = messageWith(page, `message ${COUNT - 1} `);
  await expect(async () => {
    await page.mouse.wheel(0, 3000);
    await expect(newest).toBeInViewport({ timeout: 200 });
  }).toPass();
  await expect(toLatest(page)).toBeHidden();
  await expect(chatRow(page, 'Bob')).not.toContainText('unread');
  await bob.wire.say(chat, 'and then this');
  await expect(messageWith(page, 'and then this')).toBeInViewport();
});

test('from a linked message one reads down without what one looks at moving', async ({
  meet,
  seat,
}) => {
  test.setTimeout(120_000);
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await halfRead(reader, bob);
  const { page } = await seat(reader);
  await page.goto(`/chats/${chat}?at=152`);
  await expect(messageWith(page, 'message 150 ')).toBeInViewport();
  await atRest(page);
  const gate = await gateOf(page);
  await log(page).hover();
  let worst = 0;
  for (let pages = 0; pages < 5; pages += 1) {
    worst = Math.max(worst, await throughOnePage(page, gate, 700));
  }
  expect(worst).toBeLessThanOrEqual(STILL);
});

test('from the first unread message the newest is one press away, and back', async ({
  meet,
  seat,
}) => {
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await halfRead(reader, bob);
  const { page } = await seat(reader);
  await page.goto(`/chats/${chat}`);
  await expect(messageWith(page, `message ${READ} `).first()).toBeInViewport();
  await toLatest(page).click();
  await expect(messageWith(page, `message ${COUNT - 1} `)).toBeInViewport();
  await expect(toLatest(page)).toBeHidden();
  await say(page, 'my answer');
  await expect(messageWith(page, 'my answer')).toBeInViewport();
  await log(page).hover();
  await wheel(page, -2000);
  await expect(toLatest(page)).toBeVisible();
  await toLatest(page).click();
  await expect(messageWith(page, 'my answer')).toBeInViewport();
});

test('what stands in for a page that loads does not move the list', async ({ meet, seat }) => {
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await halfRead(reader, bob);
  const { page } = await seat(reader);
  await page.goto(`/chats/${chat}`);
  await expect(messageWith(page, `message ${READ} `).first()).toBeInViewport();
  await atRest(page);
  const gate = await gateOf(page);
  await log(page).hover();
  for (const [by, words] of [
    [-900, 'Loading earlier messages…'],
    [900, 'Loading newer messages…'],
  ] as const) {
    while (gate.waiting() === 0) await wheel(page, by);
    const box = await log(page).boundingBox();
    const { text, top } = await middleMessage(page);
    await expect(page.getByText(words)).toBeVisible();
    expect(await log(page).boundingBox()).toEqual(box);
    expect(Math.abs((await placeOf(page, text)) - top)).toBeLessThanOrEqual(STILL);
    gate.open();
    await expect(page.getByText(words)).toBeHidden();
    await atRest(page);
    expect(await log(page).boundingBox()).toEqual(box);
  }
});

test('the rows of the list of chats come where their stand-ins were', async ({ meet, seat }) => {
  const [ann, bob] = [await meet('Ann'), await meet('Bob')];
  for (let index = 0; index < 4; index += 1) await bob.wire.group(`Group ${index}`, [ann.id]);
  const { page } = await seat(ann);
  const places = (rows: string) =>
    page
      .locator(rows)
      .evaluateAll((all) => all.slice(0, 4).map((one) => one.getBoundingClientRect().toJSON()));
  await page.goto('/settings');
  let connect = () => {};
  const held = new Promise<void>((resolve) => {
    connect = resolve;
  });
  await page.routeWebSocket(/socket\.io/, async (socket) => {
    await held;
    socket.connectToServer();
  });
  await page.evaluate(() =>
    indexedDB
      .databases()
      .then((all) => all.map(({ name }) => name && indexedDB.deleteDatabase(name))),
  );
  await page.goto('/chats');
  await expect(page.locator('.skeleton').first()).toBeVisible();
  const before = await places('.sidebar .chat-row');
  expect(before).toHaveLength(4);
  connect();
  await expect(chatRow(page, 'Group 0')).toBeVisible();
  await expect(page.locator('.skeleton')).toHaveCount(0);
  expect(await places('.sidebar .chat-row')).toEqual(before);
});
