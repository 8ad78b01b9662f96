import type { Page } from '@playwright/test';
import { actOn, become, composer, expect, log, messageWith, online, say } from './fixture';
import { HOSTILE, NAMES } from './hostile';
import { expectAll, expectCalm, scrolled, seated, test } from './siege';
import { Wire } from './wire';

/** A text as a preview shows it: one line. */
const oneLine = (text: string) => text.slice(0, 200).replace(/\s+/gu, ' ').trim();

/** Those that are tried one by one: each way of doing harm, once. */
const SAMPLE = NAMES.filter(
  ({ tries }, index) => NAMES.findIndex((one) => one.tries === tries) === index,
);

const rows = (page: Page) => page.getByRole('list', { name: 'Chats' }).getByRole('link');

test('there are enough of them, and each is another', () => {
  expect(new Set(HOSTILE.map(({ text }) => text)).size).toBe(HOSTILE.length);
  expect(Math.min(HOSTILE.length, NAMES.length)).toBeGreaterThanOrEqual(60);
  expect(SAMPLE.length).toBeGreaterThan(9);
});

test('the list of chats', async ({ page }) => {
  await page.goto('/chats');
  await expect(rows(page).first()).toBeVisible();
  const list = page.locator('.chat-list');
  expectAll(await scrolled(list, '.chat-row-name'), NAMES);
  expectAll(await scrolled(list, '.chat-preview > bdi:last-child'), NAMES, oneLine);
});

test('the messages of a chat', async ({ page, siege }) => {
  await page.goto(`/chats/${siege.crowd}`);
  await expect(log(page).getByRole('article').first()).toBeVisible();
  expectAll(await scrolled(page.locator('.log'), '.text'), HOSTILE);
});

test('the pinned messages', async ({ page, siege }) => {
  await page.goto(`/chats/${siege.crowd}`);
  const bar = page.getByRole('region', { name: 'Pinned messages' });
  await expect(bar.locator('.pinned-content')).toHaveText(/\S/);
  await bar.getByRole('button', { name: 'All pinned messages' }).click();
  const all = await page.getByRole('dialog').locator('.pinned-preview').allTextContents();
  expectAll(all, HOSTILE, (text) => text.slice(0, 300));
});

test('people, and the members of a group', async ({ page, siege, alarms }) => {
  await page.goto('/people');
  const names = page.locator('.people .person-name');
  await expect(names).toHaveCount(NAMES.length + 1);
  expectAll(await names.allTextContents(), NAMES);
  await expectCalm(alarms, page);
  await page.goto(`/chats/${siege.crowd}`);
  await page.getByRole('button', { name: 'Chat details' }).click();
  const members = page.locator('.details-members .person-name');
  await expect(members).toHaveCount(NAMES.length + 2);
  expectAll(await members.allTextContents(), NAMES);
});

test('the search and the switcher, by every one of them', async ({ page, alarms }) => {
  await page.goto('/chats');
  await expect(online(page)).toBeVisible();
  const search = page.getByRole('searchbox').or(page.getByLabel('Search people and chats')).first();
  for (const { text } of HOSTILE) {
    await search.fill(text.slice(0, 300));
    await expect(search).toHaveValue(/./);
  }
  for (const { text } of SAMPLE) {
    await search.fill(text);
    for (const kind of ['.chat-row-name', '.sidebar-person .person-name']) {
      await expect.poll(() => page.locator(kind).allTextContents()).toContain(text);
    }
  }
  await expectCalm(alarms, page);
  await search.fill('');
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  for (const { text } of SAMPLE) {
    await field.fill(text);
    const options = page.getByRole('option').locator('.person-name');
    await expect.poll(() => options.allTextContents()).toContain(text);
  }
});

test('forwarding: where to, and from whom', async ({ page, siege, alarms }) => {
  const target = siege.groups[0] ?? '';
  const wires: Wire[] = [];
  for (const { text } of SAMPLE) {
    const whose = siege.people[NAMES.findIndex((name) => name.text === text)];
    if (!whose) continue;
    const wire = await Wire.connect(siege.server.url, whose);
    wires.push(wire);
    const [said] = await wire.say(siege.crowd, `said by ${text}`);
    await siege.mallory.ask('message:forward', { messageId: said?.id, toChatId: target });
  }
  await page.goto(`/chats/${target}`);
  await expect(log(page).locator('.bubble-forwarded')).toHaveCount(SAMPLE.length);
  const origins = await log(page).locator('.bubble-forwarded bdi').allTextContents();
  // Inside a sentence a name has no marks that would turn the sentence.
  const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
  const plain = (text: string) => text.replace(turning, '');
  expectAll(
    origins.map((words) => plain(words.replace('Forwarded from ', ''))),
    SAMPLE,
    plain,
  );
  await expectCalm(alarms, page);

  await actOn(page, `said by ${SAMPLE[0]?.text}`, 'Forward');
  const names = page.getByRole('dialog').locator('.person-name');
  await expect(names).toHaveCount(NAMES.length + 1);
  expectAll(await names.allTextContents(), NAMES);
  for (const wire of wires) wire.close();
});

test('titles: of the page, of a dialog, of a notification', async ({ page, context, siege }) => {
  await context.grantPermissions(['notifications']);
  await page.addInitScript(() => {
    const shown: string[][] = [];
    class Shown {
      static permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title: string, { body }: { body: string }) {
        shown.push([title, body]);
      }
    }
    Object.assign(window, { Notification: Shown, shown });
  });
  await page.goto('/settings');
  await page.getByRole('switch').check();
  for (const { text } of SAMPLE) {
    const group = siege.groups[NAMES.findIndex((name) => name.text === text)];
    await page.goto(`/chats/${group}`);
    await expect.poll(() => page.locator('.chat-head-name').textContent()).toBe(text);
    await expect.poll(() => page.evaluate(() => document.title)).toContain(oneLine(text));
    await page.getByRole('button', { name: 'Chat details' }).click();
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await expect(page.getByRole('dialog').getByRole('heading')).toHaveText(/^Leave .*\?$/s);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  }
  await page.goto('/chats');
  await expect(online(page)).toBeVisible();
  await become(page, 'hidden');
  for (const group of siege.groups) await siege.mallory.say(group, '<b>look</b>');
  const shown = () => page.evaluate(() => (window as unknown as { shown: string[][] }).shown);
  await expect.poll(async () => (await shown()).length).toBe(NAMES.length);
  expectAll(
    (await shown()).map(([title]) => `${title}`),
    NAMES,
    (text) => `Mallory · ${text}`,
  );
});

test('one’s own name and devices', async ({ browser, siege, page, alarms }) => {
  const headers = { 'content-type': 'application/json' };
  const { email } = siege.ann.user;
  const body = JSON.stringify({ email, password: 'correct horse' });
  const agents = SAMPLE.filter(({ text }) => /^[\x20-\x7e]+$/.test(text));
  expect(agents.length).toBeGreaterThan(5);
  for (const { text } of agents) {
    const signedIn = { ...headers, 'user-agent': text };
    await fetch(`${siege.server.url}/auth/login`, { method: 'POST', headers: signedIn, body });
  }
  await page.goto('/settings/devices');
  const names = page.getByRole('main').getByRole('listitem').locator('.person-name');
  await expect(names).toHaveCount(agents.length + 1);
  const titles = await names.evaluateAll((all) => all.map((name) => name.getAttribute('title')));
  expectAll(titles.map(String), agents);
  await expectCalm(alarms, page);

  for (const { text } of SAMPLE) {
    const whose = siege.people[NAMES.findIndex((name) => name.text === text)];
    if (!whose) continue;
    const context = await browser.newContext(seated(siege.server.url, whose));
    const own = await context.newPage();
    await own.goto('/settings');
    await expect.poll(() => own.locator('.settings-name').textContent()).toBe(text);
    await expect.poll(() => own.locator('.account-name').textContent()).toBe(text);
    await context.close();
  }
});

test('what one writes oneself: the draft, on its way, and back', async ({ page, siege }) => {
  const chat = siege.groups[1] ?? '';
  await page.goto(`/chats/${chat}`);
  for (const { text } of SAMPLE) {
    await say(page, `mine: ${text}`);
    await expect(messageWith(page, 'mine: ').last().locator('.text')).toContainText(text.trim());
  }
  await composer(page).fill(`<img src=x onerror=__pwned=1>`);
  await page.goto('/chats');
  await expect(page.locator('.chat-preview').filter({ hasText: 'Draft:' })).toContainText('<img');
});

test('a link leads to where it was meant to, or inside', async ({ page, siege }) => {
  await page.goto('/chats');
  await expect(online(page)).toBeVisible();
  for (const next of ['//evil.example/', '/\\evil.example', '/..//evil.example', 'javascript:1']) {
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await expect(page, next).toHaveURL(`${siege.server.url}/chats`);
    await expect(online(page)).toBeVisible();
  }
  await page.goto('/chats/%3Cscript%3E__pwned=1%3C%2Fscript%3E?at=<img src=x onerror=__pwned=1>');
  await expect(page.getByText('This chat is not')).toBeVisible();
});

test('the page says what it may load, and deep links do, too', async ({ page, siege }) => {
  for (const path of ['/', '/settings/devices', `/chats/${siege.crowd}?at=3`]) {
    const headers = (await page.goto(path))?.headers() ?? {};
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  }
});
