/** A random UUID (v4), on pages that are not served securely too. */
export function randomId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = (index: number, keep: number, set: number) =>
    (((bytes[index] as number) & keep) | set).toString(16).padStart(2, '0');
  const all = [...bytes.keys()].map((index) => {
    if (index === 6) return hex(index, 0x0f, 0x40);
    return index === 8 ? hex(index, 0x3f, 0x80) : hex(index, 0xff, 0);
  });
  const part = (from: number, to: number) => all.slice(from, to).join('');
  return [part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 16)].join('-');
}
