/** What stands at an address that leads nowhere, or where one may not look. */
import { Link } from 'wouter';
import { useLanguage } from '../i18n';
import { EmptyState } from '../ui/EmptyState';

/** And the way back. */
export function NotFound() {
  const { t } = useLanguage();
  return (
    <EmptyState icon="info" title={t('app.notFound')}>
      <Link className="button button-primary" href="/chats">
        {t('app.toChats')}
      </Link>
    </EmptyState>
  );
}
