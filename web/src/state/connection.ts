/** The line to the server, and what the server refuses for the moment. */
import { useMemo } from 'react';
import { useStore } from 'zustand';
import { client, useHeld, useSession } from './current';
import type { Connection, LimitKind } from './model';
import { signLimits } from './sign-limits';

export function useConnection(): Connection {
  const { account } = useSession();
  const line = useHeld((held) => held.line);
  const signedOut = useMemo((): Connection => ({ state: 'signed-out', since: Date.now() }), []);
  return account ? line : signedOut;
}

export function useLimit(kind: LimitKind): number | null {
  const here = useHeld((held) => held.limits[kind] ?? null);
  const signing = useStore(signLimits, (limits) =>
    kind === 'sign-in' || kind === 'sign-up' ? (limits[kind] ?? null) : null,
  );
  return here ?? signing;
}

export function reconnectNow(): void {
  client()?.reconnectNow();
}
