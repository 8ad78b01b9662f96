/** `/settings/devices`: where one is signed in, and the password. */
import { usePageTitle } from '../../app/pageTitle';
import { useLanguage } from '../../i18n';
import { BackButton } from '../../ui/BackButton';
import { DeviceList } from './DeviceList';
import { PasswordForm } from './PasswordForm';
import './settings.css';

/** Both end sessions: of one device, of all others. */
export default function DevicesPage() {
  const { t } = useLanguage();
  usePageTitle(t('devices.title'));
  return (
    <div className="page">
      <header className="page-head">
        <BackButton to="/settings" />
        <h1 className="page-title">{t('devices.title')}</h1>
      </header>
      <div className="page-body scroll">
        <div className="page-column">
          <DeviceList />
          <PasswordForm />
        </div>
      </div>
    </div>
  );
}
