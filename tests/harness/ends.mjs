// A failed test must not keep its file from ending: whatever it left open is closed with its suite.
import { after, describe as suite } from 'node:test';

const closers = new Set();

/** Calls `close` at the end of the running suite, at the latest. */
export function atEnd(close) {
  closers.add(close);
}

/** `describe` of node:test, whose suite leaves nothing open. */
export function describe(name, body) {
  suite(name, () => {
    after(async () => {
      // What was opened last may stand on what was opened first.
      for (const close of [...closers].reverse()) await close();
      closers.clear();
    });
    body();
  });
}

/** Keeps this process going until the promise is settled: servers by themselves do not. */
export async function held(promise) {
  const timer = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
