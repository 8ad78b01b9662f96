/** How far an own message has come: marks, and words for screen readers. */
import { useLanguage } from '../../i18n';
import type { DeliveryState } from '../../state';

/** The life of an own message. */
export type TickState = 'waiting' | 'failed' | DeliveryState;

const shapes: Record<TickState, string> = {
  waiting: 'M8 2.8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 8 2.8ZM8 5.4V8l1.8 1.2',
  failed: 'M8 2.4a5.6 5.6 0 1 1 0 11.2A5.6 5.6 0 0 1 8 2.4ZM8 5v3.6M8 10.9v.01',
  sent: 'M3.5 8.6l3 3 6-7',
  delivered: 'M1 8.6l3 3 6-7M8 11l.6.6 6-7',
  read: 'M1 8.6l3 3 6-7M8 11l.6.6 6-7',
};

/** ◷ waiting, ✓ sent, ✓✓ delivered, coloured ✓✓ read. */
export function Ticks({ state }: { state: TickState }) {
  const { t } = useLanguage();
  return (
    <span className={`ticks ticks-${state}`} title={t(`message.${state}`)}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[state]} />
      </svg>
      <span className="sr-only">{t(`message.${state}`)}</span>
    </span>
  );
}
