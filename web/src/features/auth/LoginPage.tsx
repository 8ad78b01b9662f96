/** Signing in. */
import { useState } from 'react';
import { Link } from 'wouter';
import { useLanguage } from '../../i18n';
import { signIn, useSession } from '../../state';
import { Button } from '../../ui/Button';
import { Field, FieldError } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { PasswordField } from '../../ui/PasswordField';
import { AuthPage } from './AuthPage';
import { useAuthForm } from './useAuthForm';

/** `/login` */
export function LoginPage() {
  const { t } = useLanguage();
  const { reason } = useSession();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const form = useAuthForm('sign-in', () => signIn({ email: email.trim(), password }));
  const error = form.errorAt('form') ?? form.errorAt('name');

  return (
    <AuthPage
      title={t('auth.signIn')}
      hint={t('auth.signInHint')}
      other={
        <>
          {t('auth.noAccount')}{' '}
          <Link href={`/register${window.location.search}`}>{t('auth.signUp')}</Link>
        </>
      }
    >
      <form className="auth-form" onSubmit={form.submit}>
        {reason && (
          <p className="note" role="status">
            <Icon name="info" />
            {t(`auth.reason.${reason}`)}
          </p>
        )}
        <Field
          label={t('auth.email')}
          type="email"
          name="email"
          dir="ltr"
          autoComplete="username"
          required
          autoFocus
          value={email}
          error={form.errorAt('email')}
          onChange={(event) => setEmail(event.target.value)}
        />
        <PasswordField
          autoComplete="current-password"
          required
          value={password}
          error={form.errorAt('password')}
          onChange={(event) => setPassword(event.target.value)}
        />
        {error && <FieldError>{error}</FieldError>}
        <Button type="submit" disabled={form.blocked}>
          {form.label(t('auth.signIn'))}
        </Button>
      </form>
    </AuthPage>
  );
}
