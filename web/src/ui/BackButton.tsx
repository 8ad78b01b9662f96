/** Goes back to the list of chats where only one screen fits. */
import { useLocation } from 'wouter';
import { useLanguage } from '../i18n';
import { IconButton } from './Button';

/** Uses the history when there is one, as the browser's own button does. */
export function BackButton() {
  const { t } = useLanguage();
  const [, navigate] = useLocation();
  const back = () => {
    if (window.history.state?.fromList) window.history.back();
    else navigate('/chats', { replace: true });
  };
  return <IconButton className="page-back" icon="back" label={t('nav.back')} onClick={back} />;
}
