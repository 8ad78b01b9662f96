// Waiting for something that no event tells of.
import assert from 'node:assert/strict';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Waits until `done()`, at most so long. */
export async function until(done, what, patience = 15_000) {
  const deadline = Date.now() + patience;
  while (!(await done())) {
    assert.ok(Date.now() < deadline, `not in time: ${what()}`);
    await pause(20);
  }
}
