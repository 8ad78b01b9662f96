/** Takes the pictures of the README: `npm run screenshots`. */
import { defineConfig } from '@playwright/test';
import base from './playwright.config';

export default defineConfig({ ...base, testIgnore: [], testMatch: 'screenshots.spec.ts' });
