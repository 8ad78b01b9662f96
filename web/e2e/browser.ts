/** Which browser the tests run in, and how it is started. */
import { existsSync } from 'node:fs';

/** Where browsers lie on Linux; `scripts/need` looks at the same places. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The one that `ZVON_CHROMIUM` names, else the first that is there. */
export function browserPath(): string | undefined {
  return process.env.ZVON_CHROMIUM || PLACES.find((place) => existsSync(place));
}

/** The browser keeps its sandbox, unless it cannot: as root, and in the containers of a CI. */
export function browserArguments(): string[] {
  const isUnable = process.getuid?.() === 0 || Boolean(process.env.CI);
  return isUnable ? ['--no-sandbox'] : [];
}
