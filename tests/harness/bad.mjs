// What hostile and broken clients send instead of what is wanted, by the type that is wanted.

const UUID = '0190a5f0-7e2b-7c3d-8e4f-0123456789ab';
const SQL = "' OR 1=1; DROP TABLE messages; --";

/** A value for the field itself to be left out. */
export const MISSING = Symbol('missing');

const NO_TEXT = [MISSING, null, true, false, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, {}, [], [UUID], ['text'],
  { toString: 'x' }, { length: 3 }, { _placeholder: true, num: 0 }, JSON.parse('{"__proto__":{"admin":true}}'), { constructor: {} },
  Buffer.from('text'), { $gt: '' }, { $ne: null }];

const NO_NUMBER = [null, true, '1', '', {}, [], [1], -1, 1.5, 1e300, -1e300, Buffer.from('1')];

/** Bad values for each type of field. */
export const BAD = {
  id: [...NO_TEXT, '', ' ', 'x', 'null', 'undefined', UUID.slice(1), `${UUID}0`, `${UUID} `, ` ${UUID}`, `${UUID}\0`, UUID.replace('7', 'g'),
    SQL, `${UUID}${SQL}`, '../../etc/passwd', '%00', '<b>', 'chat:x', 'x'.repeat(100_000), 'я'.repeat(36), '\u202e', '__proto__', 'constructor'],
  text: [...NO_TEXT, '', ' ', '\n\t', '\0', 'a\0b', 'x'.repeat(16_385), 'x'.repeat(300_000)],
  key: [...NO_TEXT.filter((value) => value !== MISSING && value !== null), '', 'x'.repeat(65), 'a\nb', '\0'],
  title: [...NO_TEXT, '', ' ', 'a\nb', '\0', 'x'.repeat(101), 'x'.repeat(200_000)],
  flag: [MISSING, null, 0, 1, 'true', 'false', '', {}, [], [true], Buffer.from([1])],
  role: [MISSING, null, '', 'owner', 'ADMIN', ' admin', 0, true, {}, [], ['admin']],
  status: [MISSING, null, '', 'read', 'SEEN', 0, true, {}, [], ['READ']],
  ids: [MISSING, null, '', UUID, 0, true, {}, [null], [1], ['x'], [[UUID]], [{}], [''], [SQL], { 0: UUID, length: 1 }, Buffer.from(UUID)],
  map: [null, 1, 'x', true, [], [[UUID, 1]], { x: 1 }, { [UUID]: 'x' }, { [UUID]: null }, { [UUID]: -1 }, { [UUID]: 1.5 }, { [UUID]: 1e300 },
    { [UUID]: {} }, { [SQL]: 1 }, { '': 1 }, JSON.parse('{"__proto__":1}')],
  seq: NO_NUMBER,
  count: [true, '1', {}, [], -1, 1.5, 1e300, Buffer.from('1')],
};

/** Bad values for a payload as a whole; an array of one good payload is no payload either. */
export const badPayloads = (good) => [
  null, true, false, 0, -1, 1e308, '', 'text', UUID, [], [good], Object.values(good), [[]], {}, Buffer.from('payload'), nested(50),
];

/** An object that is nested so deep. */
export function nested(depth) {
  let value = {};
  for (let n = 0; n < depth; n++) value = { a: value };
  return value;
}

/** `good` with one field replaced. */
export function spoil(good, field, value) {
  const { [field]: _, ...rest } = good;
  return value === MISSING ? rest : { ...rest, [field]: value };
}

/** A short name for a bad value, for messages of failed assertions. */
export function named(value) {
  if (value === MISSING) return 'missing';
  if (Buffer.isBuffer(value)) return 'binary';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
}

/** What no client should ever be told. */
export const LEAKS = /sqlite|sqlx|select |insert |constraint|panicked|serde|\.rs\b|backtrace|argon2|\/tmp\/|stack/i;
