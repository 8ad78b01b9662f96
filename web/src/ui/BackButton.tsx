/** Goes back: to the list of chats where only one screen fits, or to the page that a page belongs to. */
import { useLocation } from 'wouter';
import { useLanguage } from '../i18n';
import { IconButton } from './Button';

/** Uses the history when there is one, as the browser's own button does. */
export function BackButton({ to }: { to?: string }) {
  const { t } = useLanguage();
  const [, navigate] = useLocation();
  const back = () => {
    if (window.history.state?.fromList) window.history.back();
    else navigate(to ?? '/chats', { replace: true });
  };
  return (
    <IconButton
      className={to ? '' : 'page-back'}
      icon="back"
      label={t('nav.back')}
      onClick={back}
    />
  );
}
