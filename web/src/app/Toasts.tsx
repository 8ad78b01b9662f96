/** What went wrong and has no place on the screen. */
import { useEffect } from 'react';
import { useLanguage } from '../i18n';
import { dismissToast, type Toast, useToasts } from '../state';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';

/** How long a notice stays (ms): long enough to read it twice. */
const STAY = 8000;

/** In a corner; read out when they come. */
export function Toasts() {
  const { t } = useLanguage();
  const toasts = useToasts().filter(isLatest);
  return (
    <section className="toasts" aria-label={t('toasts.label')} aria-live="polite">
      {toasts.map((toast) => (
        <Notice key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

/** The same thing is said once. */
function isLatest({ problem }: Toast, index: number, all: Toast[]): boolean {
  return all.findLastIndex((other) => other.problem.code === problem.code) === index;
}

function Notice({ toast }: { toast: Toast }) {
  const { t, problem } = useLanguage();
  useEffect(() => {
    const timer = setTimeout(() => dismissToast(toast.id), STAY);
    return () => clearTimeout(timer);
  }, [toast.id]);
  return (
    <div className="toast">
      <Icon name="alert" />
      <span className="toast-text">{problem(toast.problem)}</span>
      <IconButton
        icon="close"
        size={18}
        label={t('toasts.dismiss')}
        onClick={() => dismissToast(toast.id)}
      />
    </div>
  );
}
