/** Waiting for the line: what is asked for while it is coming up is done, not refused. */
import type { Cell } from './held';
import type { LineState } from './line';

/** A command waits this long for the line. */
export const LINE_PATIENCE = 10_000;

/** Without a network nothing is coming up: whoever asks should hear so at once. */
const COMING_UP: readonly LineState['state'][] = ['connecting', 'reconnecting', 'draining'];

/** Resolves when the line is up, or when waiting for it makes no sense any more. */
export function lineUp(cell: Cell, ended: AbortSignal): Promise<void> {
  const isComingUp = () => COMING_UP.includes(cell.getState().line.state) && !ended.aborted;
  if (!isComingUp()) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      unsubscribe();
      ended.removeEventListener('abort', settle);
      resolve();
    };
    const timer = setTimeout(settle, LINE_PATIENCE);
    const unsubscribe = cell.subscribe(() => !isComingUp() && settle());
    ended.addEventListener('abort', settle);
  });
}
