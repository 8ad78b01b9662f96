/** Time that passes on the screen. */
import { useEffect, useState } from 'react';

/** Whole seconds until a moment, counting down to 0; `null` without a moment. */
export function useCountdown(until: number | null): number | null {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? null : Math.max(0, Math.ceil((until - now) / 1000));
}

/** Becomes true once `since` lies `delay` milliseconds back. */
export function useElapsed(since: number, delay: number): boolean {
  const [passed, setPassed] = useState(() => Date.now() - since >= delay);
  useEffect(() => {
    const left = since + delay - Date.now();
    setPassed(left <= 0);
    if (left <= 0) return;
    const timer = setTimeout(() => setPassed(true), left);
    return () => clearTimeout(timer);
  }, [since, delay]);
  return passed;
}
