import type { Page } from '@playwright/test';
import { TestServer, UNLIMITED } from '../src/realtime/test-server';
import { composer, expect, log, messageWith, online, say, test } from './fixture';
import { register, Wire } from './wire';

/** How many messages the browser keeps for offline reading. */
function countKept(page: Page, userId: string): Promise<number> {
  return page.evaluate(
    (name) =>
      new Promise<number>((resolve) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => {
          const database = opening.result;
          const count = database.transaction('messages').objectStore('messages').count();
          count.onsuccess = () => {
            database.close();
            resolve(count.result);
          };
        };
      }),
    `zvon-${userId}`,
  );
}

test('a server that dies in the middle of a conversation is no reason to lose a word', async ({
  server,
  join,
}) => {
  const [ann, bob] = [await join('Ann'), await join('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  for (const { page } of [ann, bob]) await page.goto(`/chats/${chat}`);
  await say(ann.page, 'before');
  await expect(messageWith(bob.page, 'before')).toBeVisible();

  await server.stop('SIGKILL');
  const bar = ann.page.getByText(/No connection\./);
  await expect(bar).toBeVisible();
  await say(ann.page, 'while it is down');
  await say(ann.page, 'and one more');
  await expect(messageWith(ann.page, 'and one more')).toContainText('Waiting to be sent');
  await expect(messageWith(ann.page, 'before')).toBeVisible();

  await server.resume();
  await expect(messageWith(ann.page, 'and one more')).toContainText(/Delivered|Read/, {
    timeout: 30_000,
  });
  await expect(bar).toBeHidden();
  await expect(messageWith(bob.page, 'and one more')).toBeVisible({ timeout: 30_000 });
  const said = log(bob.page).getByRole('article');
  await expect(said).toHaveCount(3);
  for (const [index, text] of ['before', 'while it is down', 'and one more'].entries()) {
    await expect(said.nth(index)).toContainText(text);
  }
});

test('what was written offline survives a reload and is sent once', async ({ server, join }) => {
  const [ann, bob] = [await join('Ann'), await join('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  await ann.page.goto(`/chats/${chat}`);
  await say(ann.page, 'seen before');
  await expect(messageWith(ann.page, 'seen before')).toContainText('Delivered');
  await expect.poll(() => countKept(ann.page, ann.id)).toBe(1);
  await ann.context.route('**/messages*', (route) => route.abort());
  await ann.page.routeWebSocket(/socket\.io/, (socket) => void socket.close());
  await ann.context.route('**/socket.io/**', (route) => route.abort());
  await ann.page.reload();
  await expect(messageWith(ann.page, 'seen before')).toBeVisible();
  await say(ann.page, 'written offline');
  await expect(messageWith(ann.page, 'written offline')).toContainText('Waiting to be sent');
  await ann.page.reload();
  await expect(messageWith(ann.page, 'written offline')).toContainText('Waiting to be sent');
  await ann.page.close();

  await ann.context.unrouteAll();
  const [one, two] = [await ann.context.newPage(), await ann.context.newPage()];
  await Promise.all([one, two].map((page) => page.goto(`/chats/${chat}`)));
  await expect(messageWith(one, 'written offline')).toContainText('Delivered');
  await expect(messageWith(two, 'written offline')).toContainText('Delivered');
  await bob.page.goto(`/chats/${chat}`);
  await expect(messageWith(bob.page, 'written offline')).toHaveCount(1);
  const headers = { authorization: `Bearer ${ann.session.accessToken}` };
  const history = await fetch(`${server.url}/chats/${chat}/messages`, { headers });
  const texts = ((await history.json()) as { content: string }[]).map(({ content }) => content);
  expect(texts).toEqual(['seen before', 'written offline']);
});

test('when the tab that sends is closed, another one takes over', async ({ join, meet }) => {
  const [ann, bob] = [await join('Ann'), await meet('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  const second = await ann.context.newPage();
  await second.goto(`/chats/${chat}`);
  await say(second, 'sent by the first');
  await expect(messageWith(second, 'sent by the first')).toContainText(/Sent|Delivered/);
  await ann.page.close();
  await say(second, 'sent by the second');
  await expect(messageWith(second, 'sent by the second')).toContainText(/Sent|Delivered/);
});

test('the browser being offline is said in words, and over at once when it is', async ({
  join,
}) => {
  const { page, context } = await join('Ann');
  await context.setOffline(true);
  await expect(page.getByText(/You are offline/)).toBeVisible();
  await context.setOffline(false);
  await expect(online(page)).toBeVisible();
});

test('a reader who does not want to wait reconnects at once', async ({ server, join }) => {
  const { page } = await join('Ann');
  await server.stop('SIGKILL');
  const now = page.getByRole('button', { name: 'Reconnect now' });
  await expect(page.getByText(/Next try in ([6-9]|1\d) seconds/)).toBeVisible({ timeout: 40_000 });
  await server.resume();
  await now.click();
  await expect(online(page)).toBeVisible({ timeout: 3000 });
});

test('a limit counts down, the text stays, and what waits is kept', async ({ browser }) => {
  const strict = await TestServer.start({ ...UNLIMITED, ZVON_LIMITS__MESSAGES_PER_MINUTE: '2' });
  const [ann, bob] = [await register(strict.url, 'Ann'), await register(strict.url, 'Bob')];
  const wire = await Wire.connect(strict.url, ann);
  const chat = await wire.privateWith(bob.user.id);
  wire.close();
  const value = JSON.stringify(ann);
  const origins = [{ origin: strict.url, localStorage: [{ name: 'zvon.session', value }] }];
  const context = await browser.newContext({
    storageState: { cookies: [], origins },
    locale: 'en-US',
  });
  const page = await context.newPage();
  await page.goto(`${strict.url}/chats/${chat}`);
  for (const text of ['one', 'two', 'three']) await say(page, text);
  await expect(messageWith(page, 'two')).toContainText(/Sent|Delivered/);
  await expect(messageWith(page, 'three')).toContainText('Waiting to be sent');
  await composer(page).fill('next');
  await expect(
    page.getByRole('button', { name: /Sending is possible again in \d+ seconds/ }),
  ).toBeVisible();
  await expect(composer(page)).toHaveValue('next');
  await context.close();
  await strict.remove();
});

test('a server that restarts in good order says so, and everything goes on', async ({
  server,
  join,
}) => {
  const [ann, bob] = [await join('Ann'), await join('Bob')];
  const chat = await ann.wire.privateWith(bob.id);
  for (const { page } of [ann, bob]) await page.goto(`/chats/${chat}`);
  await say(ann.page, 'before');
  await expect(messageWith(bob.page, 'before')).toBeVisible();
  await server.stop('SIGTERM');
  await expect(ann.page.getByText(/The server is restarting/)).toBeVisible();
  await say(bob.page, 'meanwhile');
  await server.resume();
  await expect(messageWith(ann.page, 'meanwhile')).toBeVisible({ timeout: 30_000 });
  await expect(log(ann.page).getByRole('article')).toHaveCount(2);
});
