/** Where someone who has just signed in goes: to a page of this client, whatever a link says. Pure. */

/** The address as the browser would understand it, if it is one of this client's; else the chats. */
export function insidePath(next: string | null, origin: string): string {
  if (!next?.startsWith('/') || !URL.canParse(next, origin)) return '/chats';
  const url = new URL(next, origin);
  // `//host` and `/\host` lead elsewhere; so does what becomes one when its dots are resolved.
  if (url.origin !== origin || url.pathname.startsWith('//')) return '/chats';
  return url.pathname + url.search;
}
