/** Signing up, in and out; staying signed in. */
import type { SignedIn } from '../protocol/SignedIn';
import { Client } from '../realtime/client';
import { databaseOf, deleteDatabase } from '../realtime/db';
import { createCell } from '../realtime/held';
import { failed, type Outcome } from '../realtime/problem';
import { Rest } from '../realtime/rest';
import { current } from './current';
import { forgetDrafts, heardDraft, restoreDrafts } from './drafts';
import type { SignedOutReason } from './model';
import { notify } from './notifications';
import { hitSignLimit } from './sign-limits';
import { keepsData, reasonOf } from './signed-out';
import { readStored, watchStored, writeStored } from './stored';
import { showToast } from './toasts';
import { levelViews } from './views';

const STORED = 'zvon.session';
/** Why the session before it ended: the other tabs see that it is gone, and ask. */
const ENDED = 'zvon.ended';
/** The server is the one the page came from. */
const SERVER = '';

/** Restores the session and connects. Called once, before the first render. */
export function start(): void {
  watchStored(STORED, adoptStored);
  adoptStored();
}

export async function signUp(form: {
  name: string;
  email: string;
  password: string;
}): Promise<Outcome> {
  const answer = await new Rest(SERVER).signUp(form);
  return answer.ok ? signedIn(answer.value) : refused('sign-up', answer);
}

export async function signIn(form: { email: string; password: string }): Promise<Outcome> {
  const answer = await new Rest(SERVER).signIn(form);
  return answer.ok ? signedIn(answer.value) : refused('sign-in', answer);
}

export async function signOut(): Promise<void> {
  const stored = readStored<SignedIn>(STORED);
  const ended = stored ? new Rest(SERVER, stored.accessToken).signOut() : null;
  current.getState().client?.tellSignedOut();
  await over('signed-out');
  await ended;
}

type Answer = { ok: false; problem: { code: string }; retryAfterMs?: number } & Outcome<never>;

function refused(kind: 'sign-in' | 'sign-up', answer: Answer): Outcome {
  if (answer.retryAfterMs !== undefined) hitSignLimit(kind, answer.retryAfterMs);
  return failed(answer.problem);
}

function signedIn(session: SignedIn): Outcome {
  writeStored(STORED, session);
  begin(session);
  return { ok: true, value: undefined };
}

/** Takes over what another tab, or this one before a reload, has stored. */
function adoptStored(): void {
  const stored = readStored<SignedIn>(STORED);
  const { account } = current.getState().session;
  if (!stored && account) void over(reasonOf(readStored<string>(ENDED) ?? 'signed-out'));
  else if (stored && stored.user.id !== account?.id) begin(stored);
}

function begin({ accessToken: token, user: account }: SignedIn): void {
  void current.getState().client?.close();
  const cell = createCell(account.id);
  current.setState({ session: { account, reason: null }, cell, client: null });
  restoreDrafts(account.id);
  const isCurrent = () => current.getState().cell === cell;
  const options = {
    url: SERVER,
    token,
    me: account.id,
    onSignedOut: (why: string | null) => {
      if (isCurrent()) void over(reasonOf(why));
    },
    onLevel: levelViews,
    onUnstored: () => showToast({ code: 'storage' }),
    onDraft: heardDraft,
    onEvent: notify,
  };
  const starting = Client.start(options, cell);
  current.setState({ starting });
  void starting.then((client) => {
    if (isCurrent()) current.setState({ client });
    else void client.close();
    levelViews();
  });
}

/** Nobody is signed in any more. What an expired session left unsent waits for the next sign-in. */
async function over(reason: SignedOutReason): Promise<void> {
  const { client, session } = current.getState();
  const { account } = session;
  if (!account) return;
  writeStored(ENDED, reason);
  writeStored(STORED, null);
  current.setState({
    session: { account: null, reason },
    cell: createCell(''),
    client: null,
    starting: null,
  });
  await client?.close();
  if (keepsData(reason)) return;
  forgetDrafts(account.id);
  await deleteDatabase(databaseOf(account.id)).catch(() => {});
}
