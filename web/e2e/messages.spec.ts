import type { Page } from '@playwright/test';
import { actOn, chatRow, composer, expect, log, messageWith, say, test } from './fixture';

/** As many lines as a message shows before it folds. */
const FOLD = 20;
const lines = (count: number, word: string) =>
  Array.from({ length: count }, (_, index) => `${word} ${index + 1}`).join('\n');

/** The server refuses messages that hold this word, until it is told not to. */
async function refuse(page: Page, word: string): Promise<{ count(): number; end(): void }> {
  let isOn = true;
  let refused = 0;
  await page.route(/transport=polling/, (route) => route.abort());
  await page.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      const [, ack] = /^42(\d+)\["message",/.exec(String(frame)) ?? [];
      if (!isOn || !ack || !String(frame).includes(word)) return server.send(frame);
      refused += 1;
      const refusal = { status: 'error', code: 'FORBIDDEN', message: 'Not now' };
      socket.send(`43${ack}${JSON.stringify([refusal])}`);
    });
  });
  const end = () => {
    isOn = false;
  };
  return { count: () => refused, end };
}

/** What lies in the clipboard. */
const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test('a long message folds at twenty lines, and unfolds', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  await bob.wire.say(chat, lines(FOLD, 'short'), lines(3 * FOLD, 'long'));
  const { page } = ann;
  await page.goto(`/chats/${chat}`);
  const [short, long] = [messageWith(page, 'short 1'), messageWith(page, 'long 1')];
  const height = () => long.boundingBox().then((box) => box?.height ?? 0);
  await expect(short.getByRole('button', { name: 'Show all' })).toHaveCount(0);
  const more = long.getByRole('button', { name: 'Show all' });
  await expect(more).toHaveAttribute('aria-expanded', 'false');
  const folded = await height();
  const text = long.locator('.text');
  expect((await text.boundingBox())?.height, 'twenty lines of text').toBe(FOLD * 20);

  await more.click();
  const less = long.getByRole('button', { name: 'Show less' });
  await expect(less).toHaveAttribute('aria-expanded', 'true');
  await expect.poll(async () => (await text.boundingBox())?.height).toBe(3 * FOLD * 20);
  await less.click();
  await expect(more).toHaveAttribute('aria-expanded', 'false');
  await expect.poll(height).toBe(folded);
});

test('a message that was refused is sent again, or discarded', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  const { page } = ann;
  const refusing = await refuse(page, 'doubtful');
  await page.goto(`/chats/${chat}`);
  for (const text of ['doubtful one', 'doubtful two', 'doubtful three', 'fine']) {
    await say(page, text);
  }
  await expect(messageWith(page, 'fine')).toContainText('Sent');
  const failed = log(page).getByRole('article').filter({ hasText: 'Not sent' });
  await expect(failed).toHaveCount(3);
  await expect(failed.first().getByRole('alert')).toContainText('You are not allowed to do this.');
  await expect(failed.first().getByRole('button', { name: 'Retry' })).toBeVisible();

  await page.reload();
  await expect(failed, 'they survive a reload').toHaveCount(3);
  const one = messageWith(page, 'doubtful one');
  await one.getByRole('button', { name: 'Discard' }).click();
  await expect(one).toHaveCount(0);
  await actOn(page, 'doubtful three', 'Discard');
  await expect(failed).toHaveCount(1);

  await failed.getByRole('button', { name: 'Retry' }).click();
  await expect.poll(refusing.count, 'it is refused again').toBe(4);
  await expect(failed.getByRole('alert')).toBeVisible();
  refusing.end();
  await failed.getByRole('button', { name: 'Retry' }).click();
  await expect(messageWith(page, 'doubtful two')).toContainText('Sent');
  await page.reload();
  await expect(log(page).getByRole('article')).toHaveText([/fine/, /doubtful two/]);
});

test('what the browser has no room for says so, and is sent while the page lives', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  const { page, context } = ann;
  await page.goto(`/chats/${chat}`);
  await expect(composer(page)).toBeFocused();
  await page.evaluate(() => {
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = function (...all) {
      if (this.name === 'outbox') throw new DOMException('no room', 'QuotaExceededError');
      return add.apply(this, all);
    };
  });
  await context.setOffline(true);
  await say(page, 'keep me');
  await say(page, 'drop me');
  const kept = messageWith(page, 'keep me');
  await expect(kept.getByRole('alert')).toContainText('This browser has no room to keep it.');
  await expect(composer(page)).toHaveValue('');
  await messageWith(page, 'drop me').getByRole('button', { name: 'Discard' }).click();
  await expect(messageWith(page, 'drop me')).toHaveCount(0);
  await kept.getByRole('button', { name: 'Retry' }).click();
  await expect(kept.getByRole('alert')).toContainText('This browser has no room to keep it.');

  await context.setOffline(false);
  await expect(kept).toContainText(/Sent|Delivered/);
  await expect(kept.getByRole('alert')).toHaveCount(0);
  await page.reload();
  await expect(log(page).getByRole('article')).toHaveText([/keep me/]);
});

test('the text of a message is copied, and the link to it, which leads there', async ({
  join,
  meet,
}) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  await ann.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const chat = await ann.wire.privateWith(bob.id);
  const [first] = await bob.wire.say(chat, 'line one\n  line <b>two</b>', 'another');
  const { page } = ann;
  await page.goto(`/chats/${chat}`);
  await actOn(page, 'line one', 'Copy text');
  await expect.poll(() => copied(page)).toBe('line one\n  line <b>two</b>');
  await actOn(page, 'line one', 'Copy link');
  const link = `${new URL(page.url()).origin}/chats/${chat}?at=${first?.seq}`;
  await expect.poll(() => copied(page)).toBe(link);
  await page.goto(await copied(page));
  await expect(messageWith(page, 'line one')).toHaveClass(/message-highlighted/);
});

test('selected messages are copied in their order, or let go', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  await ann.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const chat = await ann.wire.privateWith(bob.id);
  await bob.wire.say(chat, 'first', 'second', 'third');
  const { page } = ann;
  await page.goto(`/chats/${chat}`);
  const bar = page.getByRole('toolbar');
  await actOn(page, 'third', 'Select');
  await messageWith(page, 'first').click();
  await expect(bar).toContainText('2 selected');
  await bar.getByRole('button', { name: 'Copy text' }).click();
  await expect(bar).toBeHidden();
  expect(await copied(page)).toBe('first\nthird');
  await expect(composer(page)).toBeVisible();

  await actOn(page, 'second', 'Select');
  await expect(bar).toContainText('1 selected');
  await messageWith(page, 'second').click();
  await expect(bar.getByRole('button', { name: 'Copy text' })).toBeDisabled();
  await bar.getByRole('button', { name: 'Cancel' }).click();
  await expect(bar).toBeHidden();
  await expect(log(page).getByRole('checkbox')).toHaveCount(0);

  await actOn(page, 'second', 'Select');
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
  await expect(composer(page)).toBeVisible();
});

test('a long press of a finger opens the actions of a message', async ({ meet, seat }) => {
  const bob = await meet('Bob');
  const ann = await seat(await meet('Ann'), {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const chat = await bob.wire.privateWith(ann.id);
  await bob.wire.say(chat, 'press me');
  const { page } = ann;
  await chatRow(page, 'Bob').tap();
  const finger = await page.context().newCDPSession(page);
  const box = await messageWith(page, 'press me').locator('.bubble').boundingBox();
  const point = { x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 12 };
  await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
  const menu = page.getByRole('menu', { name: 'Message actions' });
  await expect(menu).toBeVisible();
  await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect(menu).toBeInViewport();
  await menu.getByRole('menuitem', { name: 'Select' }).tap();
  await expect(page.getByRole('toolbar')).toContainText('1 selected');
  await messageWith(page, 'press me').tap();
  await expect(page.getByRole('toolbar')).toContainText('0 selected');
});
