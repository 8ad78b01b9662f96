/** Small things that survive a reload. A browser that refuses to store forgets, nothing else. */

/** Reads what was stored under a name. */
export function readStored<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(name);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** Stores something under a name; `null` removes it. */
export function writeStored(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Private windows and full disks: it lives until the reload.
  }
}

/** Calls `changed` when another tab stores something under a name. */
export function watchStored(name: string, changed: () => void): void {
  globalThis.window?.addEventListener('storage', ({ key }) => {
    if (key === name || key === null) changed();
  });
}
