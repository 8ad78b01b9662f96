// The shapes of the contract.
import assert from 'node:assert/strict';

export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const FIELDS = [
  'id', 'chatId', 'senderId', 'content', 'status', 'createdAt', 'isPinned', 'pinnedAt', 'pinnedBy',
  'isForwarded', 'forwardedFromId', 'originalSenderId', 'seq',
];

/** All twelve fields of the contract and `seq`, each of its type; these values among them. */
export function isMessage(message, values = {}) {
  const { clientId, messageSeq, ...rest } = message;
  assert.deepEqual(Object.keys(rest).sort(), [...FIELDS].sort());
  assert.match(message.id, uuid);
  assert.match(message.chatId, uuid);
  assert.match(message.senderId, uuid);
  assert.equal(typeof message.content, 'string');
  assert.ok(['SENT', 'DELIVERED', 'READ'].includes(message.status), message.status);
  assert.match(message.createdAt, isoTime);
  assert.equal(typeof message.isPinned, 'boolean');
  assert.equal(typeof message.isForwarded, 'boolean');
  assert.ok(Number.isInteger(message.seq) && message.seq > 0);
  for (const [name, value] of Object.entries(values)) assert.deepEqual(message[name], value, name);
}
