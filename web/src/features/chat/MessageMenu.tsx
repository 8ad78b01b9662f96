/** What can be done with a message. */
import { type Language, useLanguage } from '../../i18n';
import {
  discard,
  type Message,
  type Outcome,
  pin,
  retry,
  showToast,
  type TimelineItem,
  unpin,
} from '../../state';
import { copyText } from '../../ui/copyText';
import { Menu, type MenuEntry, type Place } from '../../ui/Menu';
import { contentOf } from './rows';
import type { ScreenState } from './useScreenState';

interface Props {
  item: TimelineItem;
  place: Place;
  state: ScreenState;
}

/** The same menu from the mouse, a finger and the keyboard. */
export function MessageMenu({ item, place, state }: Props) {
  const { t } = useLanguage();
  const copy: MenuEntry = {
    icon: 'copy',
    label: t('message.copy'),
    run: () => void copyOrTell(contentOf(item)),
  };
  const entries = item.kind === 'message' ? stored(t, item.message, state, copy) : [copy];
  if (item.kind === 'pending' && (item.pending.state === 'failed' || item.pending.problem)) {
    const { chatId, clientId } = item.pending;
    entries.unshift({
      icon: 'retry',
      label: t('message.retry'),
      run: () => retry(chatId, clientId),
    });
    entries.push({
      icon: 'trash',
      label: t('message.discard'),
      danger: true,
      run: () => discard(chatId, clientId),
    });
  }
  return (
    <Menu label={t('message.actions')} place={place} entries={entries} onClose={state.closeMenu} />
  );
}

function stored(
  t: Language['t'],
  message: Message,
  state: ScreenState,
  copy: MenuEntry,
): MenuEntry[] {
  const { chatId, kind, me } = state.screen;
  const link = `${window.location.origin}/chats/${chatId}?at=${message.seq}`;
  const pinning: MenuEntry = message.isPinned
    ? { icon: 'pin', label: t('message.unpin'), run: () => void tell(unpin(message.id)) }
    : { icon: 'pin', label: t('message.pin'), run: () => void tell(pin(message.id)) };
  const entries: MenuEntry[] = [
    { icon: 'forward', label: t('message.forward'), run: () => state.forward([message]) },
    pinning,
    copy,
    { icon: 'link', label: t('message.copyLink'), run: () => void copyOrTell(link) },
    { icon: 'select', label: t('message.select'), run: () => state.select(new Set([message.id])) },
  ];
  if (kind === 'group' && message.senderId === me) {
    const run = () => state.showReaders(message.seq);
    entries.push({ icon: 'eye', label: t('message.readers'), run });
  }
  return entries;
}

async function tell(outcome: Promise<Outcome>): Promise<void> {
  const result = await outcome;
  if (!result.ok) showToast(result.problem);
}

async function copyOrTell(text: string): Promise<void> {
  if (!(await copyText(text))) showToast({ code: 'unknown' });
}
