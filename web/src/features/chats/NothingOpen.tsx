/** `/chats` on a wide screen: what to do next. */

import { usePageTitle } from '../../app/pageTitle';
import { commandKey } from '../../app/shortcuts';
import { useLanguage } from '../../i18n';
import { useChats, useChatsReady } from '../../state';
import { EmptyState } from '../../ui/EmptyState';

/** Calm. */
export function NothingOpen() {
  const { t } = useLanguage();
  usePageTitle(t('chats.list'));
  const ready = useChatsReady();
  const none = useChats().length === 0 && ready;
  return (
    <>
      <h1 className="sr-only">{t('chats.list')}</h1>
      <EmptyState
        icon="chats"
        title={t(none ? 'chats.welcome' : 'chats.pick')}
        text={none ? t('chats.welcomeHint') : t('chats.pickHint', { keys: `${commandKey} K` })}
      />
    </>
  );
}
