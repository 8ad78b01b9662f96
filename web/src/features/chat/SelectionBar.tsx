/** What can be done with several messages. */
import { useEffect, useRef } from 'react';
import { useLanguage } from '../../i18n';
import { type Message, showToast } from '../../state';
import { Button } from '../../ui/Button';
import { copyText } from '../../ui/copyText';

interface Props {
  messages: Message[];
  onForward: () => void;
  onCancel: () => void;
}

/** Takes the place of the composer; Esc cancels. */
export function SelectionBar({ messages, onForward, onCancel }: Props) {
  const { t } = useLanguage();
  const bar = useRef<HTMLDivElement>(null);
  const none = messages.length === 0;
  useEffect(() => bar.current?.focus({ preventScroll: true }), []);
  const copy = async () => {
    const copied = await copyText(messages.map((message) => message.content).join('\n'));
    if (copied) onCancel();
    else showToast({ code: 'unknown' });
  };
  return (
    <div
      ref={bar}
      className="selection-bar"
      role="toolbar"
      tabIndex={-1}
      aria-label={t('message.actions')}
    >
      <span className="selection-count" role="status">
        {t('message.selected', { count: messages.length })}
      </span>
      <Button look="plain" disabled={none} onClick={onForward}>
        {t('message.forward')}
      </Button>
      <Button look="plain" disabled={none} onClick={() => void copy()}>
        {t('message.copy')}
      </Button>
      <Button look="quiet" onClick={onCancel}>
        {t('nav.cancel')}
      </Button>
    </div>
  );
}
