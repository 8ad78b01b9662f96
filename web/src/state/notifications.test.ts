import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { message } from '../realtime/fixture';
import { createCell } from '../realtime/held';
import { current } from './current';
import { notify } from './notifications';
import { settings } from './settings';

const shown = vi.fn();

/** A browser that lets a hidden page of Ann's notify. */
class FakeNotification {
  static permission = 'granted';

  constructor(title: string, { body }: NotificationOptions) {
    shown(title, body);
  }
}

/** Whether a tab of hers is in view; told when it is asked. */
let isAnyTabInView = async () => false;

beforeEach(() => {
  shown.mockClear();
  isAnyTabInView = async () => false;
  vi.stubGlobal('document', { hidden: true });
  vi.stubGlobal('Notification', FakeNotification);
  settings.setState({ notifications: true });
  const client = { isAnyTabInView: () => isAnyTabInView() } as never;
  current.setState({ cell: createCell('ann'), client });
});

afterEach(() => {
  vi.unstubAllGlobals();
  settings.setState({ notifications: false });
  current.setState({ cell: createCell(''), client: null });
});

const heard = (senderId = 'bob') =>
  notify({ event: 'message', data: message(2, senderId, { content: 'hello' }) });

it('tells of a message while no tab is in view', async () => {
  await heard();
  expect(shown).toHaveBeenCalledExactlyOnceWith('', 'hello');
});

it('says nothing while another tab of the account is in view', async () => {
  isAnyTabInView = async () => true;
  await heard();
  expect(shown).not.toHaveBeenCalled();
});

it('says nothing when the page comes into view while it asks about the others', async () => {
  isAnyTabInView = async () => {
    vi.stubGlobal('document', { hidden: false });
    return false;
  };
  await heard();
  expect(shown).not.toHaveBeenCalled();
});

it('says nothing in view, unasked, or of one’s own messages', async () => {
  await heard('ann');
  settings.setState({ notifications: false });
  await heard();
  settings.setState({ notifications: true });
  vi.stubGlobal('document', { hidden: false });
  await heard();
  expect(shown).not.toHaveBeenCalled();
});
