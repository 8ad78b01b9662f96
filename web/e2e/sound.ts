/** What every screen must be: accessible, and no wider than its window. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { expect } from './fixture';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/** Serious and critical findings on the page as it is. */
async function findings(page: Page): Promise<string[]> {
  // The page's own policy allows no foreign scripts; the debugger's way in is not subject to it.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return grave.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map((node) => node.html)
        .join(' | ')
        .slice(0, 400)}`,
  );
}

/** Whether the page is wider than its window. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
}

/** A page without findings that scrolls in one direction only. */
export async function expectSound(page: Page, screen: string): Promise<void> {
  expect(await findings(page), screen).toEqual([]);
  expect(await scrollsSideways(page), `${screen} scrolls sideways`).toBe(false);
}
