/**
 * The client in a browser, against the real server with the client embedded:
 * `npm run build`, `cargo build -p zvon-server` (or `--release`), `npm run e2e`.
 * `ZVON_BIN` names another server, `ZVON_CHROMIUM` another browser.
 */
import { defineConfig } from '@playwright/test';
import { browserArguments, browserPath } from './e2e/browser';

export default defineConfig({
  testDir: 'e2e',
  testIgnore: 'screenshots.spec.ts',
  outputDir: 'node_modules/.e2e',
  workers: 1,
  reporter: [['list']],
  timeout: 60_000,
  // A browser that the machine starved once is tried again; what fails twice has failed.
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 10_000 },
  use: {
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 800 },
    actionTimeout: 10_000,
    launchOptions: {
      executablePath: browserPath(),
      args: browserArguments(),
    },
  },
});
