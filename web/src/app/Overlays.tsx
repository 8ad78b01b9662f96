/** The dialogs that belong to no screen. */
import { NewGroupDialog } from '../features/chats/NewGroupDialog';
import { QuickSwitcher } from '../features/chats/QuickSwitcher';
import { useOverlay } from './overlay';
import { ShortcutsDialog } from './ShortcutsDialog';

/** At most one of them. */
export function Overlays() {
  const { open, hide } = useOverlay();
  if (open === 'switcher') return <QuickSwitcher onClose={hide} />;
  if (open === 'shortcuts') return <ShortcutsDialog onClose={hide} />;
  if (open === 'new-group') return <NewGroupDialog onClose={hide} />;
  return null;
}
