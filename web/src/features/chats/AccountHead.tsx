/** Who one is, how the line is, and the menu of the client. */
import { useLocation } from 'wouter';
import { useOverlay } from '../../app/overlay';
import { useLanguage } from '../../i18n';
import { type Account, signOut, useConnection } from '../../state';
import { Avatar } from '../../ui/Avatar';
import { IconButton } from '../../ui/Button';
import { MenuButton } from '../../ui/MenuButton';

/** The top of the left column. */
export function AccountHead({ account }: { account: Account }) {
  const { t } = useLanguage();
  const [, navigate] = useLocation();
  const show = useOverlay((overlay) => overlay.show);
  return (
    <header className="account-head">
      <Avatar id={account.id} name={account.name} size={40} />
      <div className="account-text">
        <bdi className="account-name truncate">{account.name}</bdi>
        <ConnectionWords />
      </div>
      <IconButton icon="plus" label={t('nav.newGroup')} onClick={() => show('new-group')} />
      <MenuButton
        label={t('nav.menu')}
        entries={[
          { icon: 'people', label: t('nav.people'), run: () => navigate('/people') },
          { icon: 'plus', label: t('nav.newGroup'), run: () => show('new-group') },
          { icon: 'settings', label: t('nav.settings'), run: () => navigate('/settings') },
          { icon: 'shield', label: t('devices.title'), run: () => navigate('/settings/devices') },
          { icon: 'keyboard', label: t('nav.shortcuts'), run: () => show('shortcuts') },
          { icon: 'leave', label: t('nav.signOut'), run: () => void signOut() },
        ]}
      />
    </header>
  );
}

function ConnectionWords() {
  const { t } = useLanguage();
  const { state } = useConnection();
  const online = state === 'online';
  const key = online
    ? 'connection.online'
    : state === 'offline'
      ? 'connection.offlineShort'
      : 'connection.connecting';
  return (
    <span className="account-state" data-online={online}>
      <span className="account-dot" aria-hidden="true" />
      {t(key)}
    </span>
  );
}
