/** What is shown when a screen breaks: words and a way on, never a blank page. */
import { Component, type ReactNode } from 'react';
import { useLanguage } from '../i18n';
import { Button } from '../ui/Button';
import { EmptyState } from '../ui/EmptyState';

interface Props {
  children: ReactNode;
}

/** Catches what its children throw while rendering. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useLanguage();
  return (
    <EmptyState icon="alert" title={t('app.failed')} text={t('app.failedHint')}>
      <Button onClick={() => window.location.reload()}>{t('app.reload')}</Button>
    </EmptyState>
  );
}
