/** Says in words that the line is down, after a second of it, and offers to try at once. */
import { useLanguage } from '../i18n';
import { type Connection, reconnectNow, useConnection } from '../state';
import { useCountdown, useElapsed } from '../ui/clock';
import { Icon } from '../ui/Icon';

/** Nothing while all is well. */
export function ConnectionBar() {
  const connection = useConnection();
  return connection.state === 'online' || connection.state === 'signed-out' ? null : (
    <Trouble connection={connection} />
  );
}

function Trouble({ connection }: { connection: Connection }) {
  const { t } = useLanguage();
  const late = useElapsed(connection.since, 1000);
  const seconds = useCountdown('retryAt' in connection ? connection.retryAt : null);
  if (!late) return null;

  const waiting = seconds !== null && seconds > 0;
  const words = {
    connecting: () => t('connection.connecting'),
    online: () => '',
    'signed-out': () => '',
    offline: () => t('connection.offline'),
    reconnecting: () =>
      waiting ? t('connection.reconnecting', { count: seconds }) : t('connection.reconnectingNow'),
    draining: () =>
      waiting ? t('connection.draining', { count: seconds }) : t('connection.reconnectingNow'),
  }[connection.state]();

  return (
    <div className="connection-bar">
      <Icon name="alert" size={18} />
      <span role="status">{words}</span>
      {waiting && (
        <button type="button" className="connection-retry" onClick={reconnectNow}>
          {t('connection.reconnectNow')}
        </button>
      )}
    </div>
  );
}
