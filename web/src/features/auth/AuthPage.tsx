/** The frame of signing in and signing up. */
import type { ReactNode } from 'react';
import { usePageTitle } from '../../app/pageTitle';
import { useLanguage } from '../../i18n';
import { Logo } from '../../ui/Logo';
import './auth.css';

interface Props {
  title: string;
  hint: string;
  children: ReactNode;
  /** The way to the other of the two. */
  other: ReactNode;
}

/** A card in the middle; the whole screen on a phone. */
export function AuthPage({ title, hint, children, other }: Props) {
  const { t } = useLanguage();
  usePageTitle(title);
  return (
    <main className="auth scroll">
      <div className="auth-card">
        <div className="auth-brand">
          <Logo />
          <span className="auth-brand-name">{t('app.name')}</span>
        </div>
        <div>
          <h1 className="auth-title">{title}</h1>
          <p className="auth-hint">{hint}</p>
        </div>
        {children}
        <p className="auth-other">{other}</p>
      </div>
    </main>
  );
}
