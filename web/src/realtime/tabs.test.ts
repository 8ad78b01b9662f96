import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Tabs } from './tabs';

/** The locks of a browser, as far as tabs in view use them. */
class FakeLocks {
  readonly held: { name: string }[] = [];

  async request(name: string, _options: unknown, during: () => Promise<void>): Promise<void> {
    const lock = { name };
    this.held.push(lock);
    await during();
    this.held.splice(this.held.indexOf(lock), 1);
  }

  async query() {
    return { held: [...this.held] };
  }
}

/** A tab's page, which its reader shows and hides. */
class FakePage extends EventTarget {
  visibilityState = 'visible';

  become(visibility: 'visible' | 'hidden'): void {
    this.visibilityState = visibility;
    vi.stubGlobal('document', this);
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let tabs: Tabs[];

/** Opens a tab in a page of its own. */
function open(name: string): { page: FakePage; tab: Tabs } {
  const page = new FakePage();
  vi.stubGlobal('document', page);
  const tab = new Tabs(name, () => {});
  tabs.push(tab);
  return { page, tab };
}

beforeEach(() => {
  tabs = [];
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
});

afterEach(() => {
  for (const tab of tabs) tab.close();
  vi.unstubAllGlobals();
});

it('knows whether any tab of the account is in view', async () => {
  const [one, two] = [open('ann'), open('ann')];
  one.page.become('hidden');
  await expect.poll(() => one.tab.isAnyInView()).toBe(true);
  two.page.become('hidden');
  await expect.poll(() => one.tab.isAnyInView()).toBe(false);
  two.page.become('visible');
  await expect.poll(() => one.tab.isAnyInView()).toBe(true);
  two.tab.close();
  await expect.poll(() => one.tab.isAnyInView()).toBe(false);
});

it('does not take the tab of another account for one of its own', async () => {
  const one = open('ann');
  open('bob');
  one.page.become('hidden');
  await expect.poll(() => one.tab.isAnyInView()).toBe(false);
});

it('knows of no other tab where the browser has no locks', async () => {
  vi.stubGlobal('navigator', {});
  expect(await open('ann').tab.isAnyInView()).toBe(false);
});
