/** What a finger can hit. */
import type { Page } from '@playwright/test';

/** The least a finger needs, each way (px). */
const FINGER = 44;

/**
 * Everything in front that can be pressed and is smaller than a finger needs, as it is hit: what is
 * covered or cut off does not count, what enlarges it does. Links within a text are as high as its
 * lines, and the ticks as their bubble: what they open is in the message's menu too.
 */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate((least) => {
    const pressable =
      'a[href], button, input, select, textarea, [role="menuitem"], [role="option"]';
    const exempt = ':disabled, .skip-link, .text a, .meta-readers';
    const front = ['dialog[open]', '[role="menu"]', 'aside']
      .map((part) => document.querySelector(part))
      .find((part) => part !== null);
    /** A label is pressed for its field, a box around a field too; a message while one selects. */
    const boxes = 'label, .search-field, .composer-box, .message-selecting';
    const targetOf = (one: Element) => one.closest(boxes) ?? one;
    const isHit = (target: Element, x: number, y: number) => {
      const hit = document.elementFromPoint(x, y);
      return hit !== null && target.contains(hit);
    };
    const extent = (target: Element, x: number, y: number, dx: number, dy: number) => {
      let [forth, back] = [0, 0];
      while (forth < least && isHit(target, x + dx * (forth + 1), y + dy * (forth + 1))) forth += 1;
      while (back < least && isHit(target, x - dx * (back + 1), y - dy * (back + 1))) back += 1;
      return forth + back + 1;
    };
    const small: string[] = [];
    for (const one of (front ?? document).querySelectorAll<HTMLElement>(pressable)) {
      const isOff = one.matches(exempt) || one.closest('[inert]') || !one.checkVisibility();
      if (isOff || getComputedStyle(one).pointerEvents === 'none') continue;
      const target = targetOf(one);
      target.scrollIntoView({ block: 'center', inline: 'nearest' });
      const box = target.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const name = one.getAttribute('aria-label') ?? one.textContent ?? '';
      const what = `${one.tagName}.${one.className} "${name.slice(0, 30)}"`;
      if (!isHit(target, x, y)) small.push(`${what}: not to be hit at all`);
      else {
        const [width, height] = [extent(target, x, y, 1, 0), extent(target, x, y, 0, 1)];
        if (width < least || height < least) small.push(`${what}: ${width} × ${height}`);
      }
    }
    return small;
  }, FINGER);
}
