/** What a user agent says about a device, in words that people know. Pure. */

/** The browser and what it runs on; `null` where the agent does not say. */
export interface DeviceName {
  browser: string | null;
  system: string | null;
  /** Whether it is held in the hand. */
  isHandheld: boolean;
}

/** The first that fits: most browsers also name those that they are made to look like. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPT|OPiOS)\//, 'Opera'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Headless)?(?:Chrome|Chromium|CriOS)\//, 'Chrome'],
  [/\bVersion\/\S+ (?:\S+ )?Safari\//, 'Safari'],
];

const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

const HANDHELD = ['Android', 'iPhone', 'iPad'];

/** What an agent is. It is the client's own word: good for telling devices apart, not for trust. */
export function nameOf(agent: string): DeviceName {
  const system = first(SYSTEMS, agent);
  const browser = first(BROWSERS, agent);
  return { browser, system, isHandheld: system !== null && HANDHELD.includes(system) };
}

function first(table: [RegExp, string][], agent: string): string | null {
  return table.find(([mark]) => mark.test(agent))?.[1] ?? null;
}
