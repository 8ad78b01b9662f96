/** Which links lead where they seem to lead. The others are shown as the text they are. Pure. */

/** Characters that are not seen, or that turn the ones around them. */
const UNSEEN = /[\p{Cc}\p{Cf}]/u;
const LATIN = /\p{Script=Latin}/u;
/** Scripts whose letters pass for Latin ones. */
const ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

/** Whether a link may be pressed: it is an address, of the host that a reader takes it for. */
export function isHonest(link: string): boolean {
  if (UNSEEN.test(link) || !URL.canParse(link)) return false;
  const { protocol, username, password } = new URL(link);
  if (protocol === 'mailto:') return true;
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  const host = /^https?:\/\/([^/?#\\]+)/iu.exec(link)?.[1];
  if (!host || host.includes('%') || username || password || host.includes('@')) return false;
  return !host.split('.').some((label) => LATIN.test(label) && ALIKE.test(label));
}
