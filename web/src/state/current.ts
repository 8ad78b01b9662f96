/** Who is signed in, and the client that works for them. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Account } from '../protocol/Account';
import type { Client } from '../realtime/client';
import type { CommandName, Commands } from '../realtime/commands';
import { type Cell, createCell, type Held } from '../realtime/held';
import { failed, type Outcome } from '../realtime/problem';
import type { Session } from './model';

/** The session, and the cell that holds what its client knows. */
export interface Current {
  session: Session;
  cell: Cell;
  /** `null` while its database is being opened. */
  client: Client | null;
  /** The same as soon as it is there. */
  starting: Promise<Client> | null;
}

/** The one current session of this tab. */
export const current = createStore<Current>(() => ({
  session: { account: null, reason: null },
  cell: createCell(''),
  client: null,
  starting: null,
}));

/** The client, if there is one. */
export const client = (): Client | null => current.getState().client;

/** Asks for a command, as soon as the client is there. */
export async function call<C extends CommandName>(
  command: C,
  payload: Commands[C][0],
): Promise<Outcome<Commands[C][1]>> {
  const client = await current.getState().starting;
  return client ? client.call(command, payload) : failed({ code: 'offline' });
}

/** What the client holds. */
export const held = (): Held => current.getState().cell.getState();

/** The id of who is signed in; empty if nobody is. */
export const me = (): string => held().replica.me;

/** Reads from what the client holds. */
export function useHeld<T>(select: (held: Held) => T): T {
  return useStore(
    useStore(current, (state) => state.cell),
    select,
  );
}

export function useSession(): Session {
  return useStore(current, (state) => state.session);
}

/** Whether this account is still the one that is signed in. */
export function isCurrent(account: Account): boolean {
  return current.getState().session.account?.id === account.id;
}
