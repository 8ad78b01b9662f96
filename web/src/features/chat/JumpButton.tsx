/** To the end of the list, with how much is new there. */
import { useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';

/** Shown to a reader who is not at the end. */
export function JumpButton({ unread, onClick }: { unread: number; onClick: () => void }) {
  const { t } = useLanguage();
  const label = t('chat.toLatest');
  return (
    <button
      type="button"
      className={`jump ${unread > 0 ? 'jump-new' : ''}`}
      title={label}
      onClick={onClick}
    >
      <Icon name="down" size={18} />
      {unread > 0 ? (
        <span>{t('chat.newBelow', { count: unread })}</span>
      ) : (
        <span className="sr-only">{label}</span>
      )}
    </button>
  );
}
