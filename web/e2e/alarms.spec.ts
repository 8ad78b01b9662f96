import { Alarms } from './alarms';
import { expect, online, test } from './fixture';

/** What the alarms of `hostile.spec.ts` are for: each of these must set one off. */
const BREAKS: [string, string, RegExp][] = [
  [
    'an inline handler',
    '<img src="/icon.svg" onload="__pwned=1">',
    /policy stopped script-src-attr/,
  ],
  ['an inline script in a frame', '<iframe srcdoc="<script>1</script>"></iframe>', /frame/],
  [
    'a foreign picture',
    '<img src="http://127.0.0.1:9/x.png">',
    /left the origin|policy stopped img/,
  ],
  ['a style', '<p style="color:red">x</p>', /policy stopped style-src/],
  ['a foreign element', '<math></math>', /an element: <math/],
  ['a handler that is not run', '<p onclick="1">x</p>', /an attribute: onclick/],
  ['a link that runs', '<a href="javascript:1">x</a>', /a link: javascript/],
  [
    'a link without a lock',
    '<a href="https://evil.example/" target="_blank">x</a>',
    /an open link/,
  ],
];

for (const [what, html, alarm] of BREAKS) {
  test(`the alarms hear ${what}`, async ({ join, server }) => {
    const { context, page } = await join('Ann');
    const alarms = await Alarms.watch(context, server.url);
    await page.goto('/chats');
    await expect(online(page)).toBeVisible();
    expect(await alarms.check(page)).toEqual([]);
    await page
      .locator('#root')
      .evaluate((root, text) => root.insertAdjacentHTML('beforeend', text), html);
    await expect.poll(async () => (await alarms.check(page)).join('\n')).toMatch(alarm);
  });
}

test('the alarms hear a script that runs', async ({ join, server }) => {
  const { context, page } = await join('Ann');
  const alarms = await Alarms.watch(context, server.url);
  await page.goto('/chats');
  await page.evaluate('__pwned = 1; alert(1)');
  await expect.poll(() => alarms.heard.join('\n')).toMatch(/has run\na dialog: 1/);
});
