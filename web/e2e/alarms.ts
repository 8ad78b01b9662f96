/** Hears everything that happens in a browser when foreign content is taken for more than text. */
import type { BrowserContext, Page } from '@playwright/test';

/** Elements and attributes that the client never makes; content that became one was not escaped. */
const FOREIGN = [
  ...['script', 'iframe', 'object', 'embed', 'base', 'meta', 'link', 'style', 'template'],
  ...[
    'img',
    'video',
    'audio',
    'source',
    'math',
    'mglyph',
    'marquee',
    'details',
    'body',
    'noscript',
  ],
  ...['table', 'b', 'svg script', 'svg a', 'svg animate', 'svg use', 'svg text', '[id="zvon"]'],
].map((selector) => `#root ${selector}, dialog ${selector}, .menu ${selector}`);

/** What has gone off. */
export class Alarms {
  readonly heard: string[] = [];
  readonly #origin: string;

  private constructor(origin: string) {
    this.#origin = origin;
  }

  /** Watches all pages of a context, from before their first script. */
  static async watch(context: BrowserContext, origin: string): Promise<Alarms> {
    const alarms = new Alarms(origin);
    const note = (what: string) => void alarms.heard.push(what);
    await context.exposeBinding('__alarm', (_source, what: string) => note(what));
    await context.addInitScript(() => {
      const { __alarm: alarm } = window as unknown as { __alarm: (what: string) => void };
      const set = () => alarm('a script of somebody’s has run');
      Object.defineProperty(window, '__pwned', { set, get: () => undefined });
      document.addEventListener('securitypolicyviolation', (event) =>
        alarm(`the policy stopped ${event.violatedDirective}: ${event.blockedURI}`),
      );
    });
    context.on('page', (page) => alarms.#listen(page));
    for (const page of context.pages()) alarms.#listen(page);
    context.on('request', (request) => {
      const url = new URL(request.url());
      const isOwn = url.origin === origin || url.href === 'about:blank';
      if (!isOwn) note(`a request left the origin: ${url.href.slice(0, 200)}`);
    });
    return alarms;
  }

  /** Looks through the page as it is now; answers what is wrong about it, with what was heard. */
  async check(page: Page): Promise<string[]> {
    const found = await page.evaluate(inspect, { foreign: FOREIGN, origin: this.#origin });
    return [...this.heard, ...found];
  }

  #listen(page: Page): void {
    const note = (what: string) => void this.heard.push(what);
    page.on('dialog', (dialog) => {
      note(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.type() === 'error') note(`the console: ${message.text().slice(0, 300)}`);
    });
    page.on('pageerror', (error) => note(`an error: ${error.message}`));
    page.on('popup', () => note('a window opened'));
    page.on('download', () => note('a download began'));
    page.on('frameattached', () => note('a frame was attached'));
  }
}

/** In the page: foreign elements, handlers in attributes, and links that are not safe. */
function inspect({ foreign, origin }: { foreign: string[]; origin: string }): string[] {
  const wrong: string[] = [];
  for (const selector of foreign) {
    const found = document.querySelector(selector);
    if (found) wrong.push(`an element: ${found.outerHTML.slice(0, 200)}`);
  }
  for (const element of document.querySelectorAll('body, body *')) {
    for (const { name } of element.attributes) {
      if (/^on|^srcdoc$|^formaction$/i.test(name)) wrong.push(`an attribute: ${name}`);
    }
  }
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a')) {
    const { protocol, href, target } = link;
    if (!['http:', 'https:', 'mailto:'].includes(protocol)) wrong.push(`a link: ${href}`);
    const isInside = href.startsWith(`${origin}/`) && target === '';
    const isShut = ['noopener', 'noreferrer'].every((word) => link.relList.contains(word));
    if (!isInside && !(isShut && target === '_blank')) wrong.push(`an open link: ${href}`);
  }
  if (window.opener !== null || window.length > 0) wrong.push('another window');
  return wrong;
}
