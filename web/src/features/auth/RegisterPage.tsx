/** Signing up. */
import { useState } from 'react';
import { Link } from 'wouter';
import { useLanguage } from '../../i18n';
import { PASSWORD_MIN, signUp } from '../../state';
import { Button } from '../../ui/Button';
import { Field, FieldError } from '../../ui/Field';
import { PasswordField } from '../../ui/PasswordField';
import { AuthPage } from './AuthPage';
import { useAuthForm } from './useAuthForm';

/** `/register` */
export function RegisterPage() {
  const { t } = useLanguage();
  const [fields, setFields] = useState({ name: '', email: '', password: '' });
  const change = (field: keyof typeof fields) => (event: { target: { value: string } }) =>
    setFields({ ...fields, [field]: event.target.value });
  const form = useAuthForm('sign-up', () =>
    signUp({ ...fields, name: fields.name.trim(), email: fields.email.trim() }),
  );
  const error = form.errorAt('form');

  return (
    <AuthPage
      title={t('auth.signUp')}
      hint={t('auth.signUpHint')}
      other={
        <>
          {t('auth.haveAccount')}{' '}
          <Link href={`/login${window.location.search}`}>{t('auth.signIn')}</Link>
        </>
      }
    >
      <form className="auth-form" onSubmit={form.submit}>
        <Field
          label={t('auth.name')}
          name="name"
          autoComplete="name"
          required
          autoFocus
          value={fields.name}
          error={form.errorAt('name')}
          onChange={change('name')}
        />
        <Field
          label={t('auth.email')}
          type="email"
          name="email"
          dir="ltr"
          autoComplete="username"
          required
          value={fields.email}
          error={form.errorAt('email')}
          onChange={change('email')}
        />
        <PasswordField
          autoComplete="new-password"
          required
          minLength={PASSWORD_MIN}
          hint={t('auth.passwordHint', { count: PASSWORD_MIN })}
          value={fields.password}
          error={form.errorAt('password')}
          onChange={change('password')}
        />
        {error && <FieldError>{error}</FieldError>}
        <Button type="submit" disabled={form.blocked}>
          {form.label(t('auth.signUp'))}
        </Button>
      </form>
    </AuthPage>
  );
}
