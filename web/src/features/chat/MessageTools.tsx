/** What stands beside a message while the mouse is over it. */
import type { MouseEvent } from 'react';
import { useLanguage } from '../../i18n';
import type { TimelineItem } from '../../state';
import { IconButton } from '../../ui/Button';
import { useScreen } from './screen';

/** For the mouse only: the keyboard and fingers have the menu. */
export function MessageTools({ item }: { item: TimelineItem }) {
  const { t } = useLanguage();
  const { forward, openMenu } = useScreen();
  return (
    <span className="message-tools">
      {item.kind === 'message' && (
        <IconButton
          icon="forward"
          size={18}
          tabIndex={-1}
          label={t('message.forward')}
          onClick={(event) => {
            focusMessage(event);
            forward(item);
          }}
        />
      )}
      <IconButton
        icon="more"
        size={18}
        tabIndex={-1}
        label={t('message.actions')}
        aria-haspopup="menu"
        onClick={(event) => {
          focusMessage(event);
          const { left, top, bottom } = event.currentTarget.getBoundingClientRect();
          openMenu(item, { x: left, y: bottom + 4, over: top - 4 });
        }}
      />
    </span>
  );
}

/** These buttons go with the mouse; what opens gives the focus back to the message. */
function focusMessage(event: MouseEvent): void {
  event.currentTarget.closest('article')?.focus({ preventScroll: true });
}
