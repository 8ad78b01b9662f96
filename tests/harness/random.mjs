// Values by chance, the same for the same seed.

/** A source of numbers from 0 to 1. */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Anything that JSON can say, and bytes: few, since a packet may hold ten attachments. Numbers are
 * such as the official server carries unharmed: with binary beside them, whole ones up to 64 bits.
 */
export function anything(next, depth = 3, left = { files: 4 }) {
  const whole = (most) => Math.floor(next() * most);
  const many = (most, make) => Array.from({ length: whole(most) }, make);
  const kinds = [
    () => null,
    () => next() < 0.5,
    () => Math.round((next() - 0.5) * 2 ** whole(53)),
    () => (next() - 0.5) * 10 ** (whole(50) - 35),
    () => String.fromCodePoint(...many(whole(300), () => 32 + whole(0xd000))),
    () => many(4, () => '🙂"\\\u0000\n').join('ж'),
    () => (left.files-- > 0 ? Buffer.from(many(whole(400), () => whole(256))) : ''),
    () => many(whole(20), () => anything(next, depth - 1, left)),
    () => Object.fromEntries(many(whole(20), (_, n) => [`k${n}ж`, anything(next, depth - 1, left)])),
  ];
  return kinds[whole(depth > 0 ? kinds.length : kinds.length - 2)]();
}
