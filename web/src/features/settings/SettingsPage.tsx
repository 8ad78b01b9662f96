/** `/settings`: the account, the looks, the language, notifications. */
import { useState } from 'react';
import { Link } from 'wouter';
import { usePageTitle } from '../../app/pageTitle';
import { useLanguage } from '../../i18n';
import { changeSettings, enableNotifications, signOut, useSession, useSettings } from '../../state';
import { Avatar } from '../../ui/Avatar';
import { BackButton } from '../../ui/BackButton';
import { Button } from '../../ui/Button';
import { FieldError } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { Choice } from './Choice';
import './settings.css';

/** Everything takes effect at once. */
export default function SettingsPage() {
  const { t } = useLanguage();
  const { account } = useSession();
  const settings = useSettings();
  usePageTitle(t('settings.title'));
  return (
    <div className="page">
      <header className="page-head">
        <BackButton />
        <h1 className="page-title">{t('settings.title')}</h1>
      </header>
      <div className="page-body scroll">
        <div className="page-column">
          {account && (
            <section className="card settings-account" aria-label={t('settings.account')}>
              <Avatar id={account.id} name={account.name} size={64} />
              <div className="person-text">
                <bdi className="settings-name truncate">{account.name}</bdi>
                <span className="person-detail truncate">{account.email}</span>
              </div>
              <Button look="quiet" title={t('settings.signOutHint')} onClick={() => void signOut()}>
                {t('nav.signOut')}
              </Button>
            </section>
          )}
          <Link
            href="/settings/devices"
            state={{ fromList: true }}
            className="card settings-link person-row"
          >
            <Icon name="shield" />
            <span className="person-text">
              {t('devices.title')}
              <span className="person-detail">{t('devices.hint')}</span>
            </span>
          </Link>
          <Choice
            heading={t('settings.theme')}
            name="theme"
            value={settings.theme}
            options={[
              ['system', t('settings.system')],
              ['light', t('settings.light')],
              ['dark', t('settings.dark')],
            ]}
            onChange={(theme) => changeSettings({ theme })}
          />
          <Choice
            heading={t('settings.language')}
            name="language"
            value={settings.language}
            options={[
              ['system', t('settings.languageSystem')],
              ['en', 'English'],
              ['ru', 'Русский'],
            ]}
            onChange={(language) => changeSettings({ language })}
          />
          <Notifications on={settings.notifications} />
        </div>
      </div>
    </div>
  );
}

function Notifications({ on }: { on: boolean }) {
  const { t } = useLanguage();
  const [denied, setDenied] = useState(false);
  const change = async (wanted: boolean) => {
    if (wanted) setDenied(!(await enableNotifications()));
    else changeSettings({ notifications: false });
  };
  return (
    <fieldset className="card">
      <legend className="card-heading">{t('settings.notifications')}</legend>
      <label className="choice">
        <span className="person-text">
          {t('settings.notify')}
          <span className="person-detail">{t('settings.notifyHint')}</span>
        </span>
        <input
          type="checkbox"
          role="switch"
          className="switch"
          checked={on}
          aria-checked={on}
          onChange={(event) => void change(event.target.checked)}
        />
      </label>
      {denied && <FieldError>{t('settings.notifyDenied')}</FieldError>}
    </fieldset>
  );
}
