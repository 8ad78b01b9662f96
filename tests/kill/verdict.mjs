// What must hold of the log after any number of kills.
import assert from 'node:assert/strict';

/** Of one chat: its stored messages against everything that was sent to it. */
export function holds(stored, sends, { firstSeq, lastSeq }) {
  dense(stored, firstSeq, lastSeq);
  const bySeq = new Map(stored.map((message) => [message.seq, message]));
  const byKey = new Map();
  for (const message of stored) {
    const key = `${message.senderId} ${message.clientId}`;
    assert.ok(!byKey.has(key), `clientId ${message.clientId} stands there twice`);
    byKey.set(key, message);
  }
  for (const { sender, send } of sends) {
    for (const ack of send.acks) {
      const message = bySeq.get(ack.seq);
      assert.ok(message, `acked at ${ack.seq} and not there: ${send.content}`);
      const { id, content, clientId, senderId } = message;
      assert.deepEqual({ id, content, clientId, senderId }, { id: ack.id, content: send.content, clientId: send.clientId, senderId: sender });
      assert.equal(ack.content, send.content);
    }
    assert.ok(new Set(send.acks.map(({ seq }) => seq)).size <= 1, `two places for ${send.content}`);
  }
  const known = new Map(sends.map(({ sender, send }) => [`${sender} ${send.clientId}`, send]));
  for (const message of stored) {
    const send = known.get(`${message.senderId} ${message.clientId}`);
    assert.ok(send && send.content === message.content, `nobody sent ${message.content}`);
  }
  inOrder(stored, known);
}

/** 1, 2, 3 … without a gap, and times that do not go back. */
function dense(stored, firstSeq, lastSeq) {
  assert.deepEqual(stored.map(({ seq }) => seq), stored.map((_, n) => firstSeq + n), 'seq is not dense');
  assert.equal(stored.at(-1).seq, lastSeq);
  for (let n = 1; n < stored.length; n++) assert.ok(stored[n].createdAt >= stored[n - 1].createdAt, `time goes back at ${stored[n].seq}`);
}

/** The order of each sender, and of what was acked before something else was sent. */
function inOrder(stored, known) {
  const last = new Map();
  let latestInvoked = -Infinity;
  for (const message of stored) {
    const number = Number(message.content.split(' ').at(-1));
    const writer = message.content.slice(0, message.content.lastIndexOf(' '));
    assert.ok(number > (last.get(writer) ?? -1), `${message.content} came after ${writer} ${last.get(writer)}`);
    last.set(writer, number);
    const send = known.get(`${message.senderId} ${message.clientId}`);
    const acked = Math.min(...send.acks.map(({ at }) => at));
    assert.ok(acked >= latestInvoked, `${message.content} was acked before something that stands before it was sent`);
    latestInvoked = Math.max(latestInvoked, send.invoked);
  }
}
