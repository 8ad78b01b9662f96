import { beforeEach, expect, it, vi } from 'vitest';
import { current } from './current';
import { drafts, draftsOwner, forgetDrafts, restoreDrafts, setDraft } from './drafts';

/** What the browser holds. */
let stored: Map<string, string>;

beforeEach(() => {
  stored = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  });
  current.setState({ client: null });
  restoreDrafts('ann');
});

it('words that a composer keeps after its session ended wait for the next sign-in', () => {
  current.setState({ session: { account: null, reason: 'replaced' } });
  setDraft('c1', 'half a thought');
  drafts.setState({}, true);
  restoreDrafts('ann');
  expect(drafts.getState()).toEqual({ c1: 'half a thought' });
});

it('nothing of one who signed out is kept, not even what comes late', () => {
  setDraft('c1', 'half a thought');
  forgetDrafts('ann');
  setDraft('c1', 'half a thought more');
  expect([...stored]).toEqual([]);
  expect(drafts.getState()).toEqual({});
});

it('what one wrote does not become the draft of another', () => {
  const writer = draftsOwner();
  restoreDrafts('bob');
  setDraft('c1', 'half a thought', writer);
  expect([...stored]).toEqual([]);
  expect(drafts.getState()).toEqual({});
});
