/** What was counted per day, for those who may see it. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { failed, type Outcome } from '../realtime/problem';
import { current } from './current';
import type { Counts, DayRange } from './model';

const NONE: Counts = { phase: 'loading', analytics: null, problem: null };

export const counts = createStore<Counts>(() => NONE);
/** Which question was the last: an answer to one before it is old. */
let asked = 0;

export function useAnalytics({ from, to }: DayRange): Counts {
  useEffect(() => void refreshAnalytics({ from, to }), [from, to]);
  useEffect(() => forget, []);
  return useStore(counts);
}

/** What was shown stays until the answer; also when there is none. */
export async function refreshAnalytics(range: DayRange): Promise<void> {
  asked += 1;
  const question = asked;
  const client = await current.getState().starting;
  const answer = client ? await client.rest.analytics(range) : failed({ code: 'offline' });
  if (question !== asked) return;
  if (answer.ok) counts.setState({ phase: 'ready', analytics: answer.value, problem: null });
  else if (answer.problem.code === 'forbidden') counts.setState({ ...NONE, phase: 'hidden' });
  else {
    const phase = counts.getState().analytics ? 'ready' : 'failed';
    counts.setState({ phase, problem: answer.problem });
  }
}

export async function analyticsFile(range: DayRange): Promise<Outcome<string>> {
  const client = await current.getState().starting;
  return client ? client.rest.analyticsFile(range) : failed({ code: 'offline' });
}

function forget(): void {
  asked += 1;
  counts.setState(NONE);
}
