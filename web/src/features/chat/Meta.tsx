/** The small print of a message: pinned, time, ticks. */
import { useLanguage } from '../../i18n';
import { useDelivery, useDeliveryState } from '../../state';
import { Icon } from '../../ui/Icon';
import { type MessageRow, timeOf } from './rows';
import { useScreen } from './screen';
import { Ticks } from './Ticks';

/** The time stands at the last of a group; a pin and the ticks at each message. */
export function Meta({ row }: { row: MessageRow }) {
  const { t, time, full } = useLanguage();
  const { item, own, last } = row;
  const pinned = item.kind === 'message' && item.message.isPinned;
  if (!own && !last && !pinned) return null;
  const at = new Date(timeOf(item));
  return (
    <span className="meta">
      {pinned && (
        <span className="meta-pin" title={t('message.pinned')}>
          <Icon name="pin" size={14} />
          <span className="sr-only">{t('message.pinned')}</span>
        </span>
      )}
      {last && (
        <time dir="ltr" dateTime={at.toISOString()} title={full(at)}>
          {time(at)}
        </time>
      )}
      {own && item.kind === 'pending' && (
        <Ticks state={item.pending.state === 'failed' ? 'failed' : 'waiting'} />
      )}
      {own && item.kind === 'message' && <OwnTicks seq={item.message.seq} />}
    </span>
  );
}

function OwnTicks({ seq }: { seq: number }) {
  const { chatId, kind } = useScreen();
  const state = useDeliveryState(chatId, seq);
  return kind === 'group' ? <GroupTicks seq={seq} /> : <Ticks state={state} />;
}

/** In a group the ticks say who. */
function GroupTicks({ seq }: { seq: number }) {
  const { t } = useLanguage();
  const { chatId, showReaders } = useScreen();
  const delivery = useDelivery(chatId, seq);
  const label = t('message.readBy', { read: delivery.readBy.length, count: delivery.of });
  return (
    <button
      type="button"
      tabIndex={-1}
      className="meta-readers"
      title={label}
      aria-label={label}
      onClick={() => showReaders(seq)}
    >
      <Ticks state={delivery.state} />
    </button>
  );
}
