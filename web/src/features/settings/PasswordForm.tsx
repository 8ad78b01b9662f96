/** Changing one's password. */
import { type FormEvent, useState } from 'react';
import { useLanguage } from '../../i18n';
import { changePassword, PASSWORD_MIN, type Problem, useSession } from '../../state';
import { Button } from '../../ui/Button';
import { FieldError } from '../../ui/Field';
import { PasswordField } from '../../ui/PasswordField';

const EMPTY = { currentPassword: '', newPassword: '' };

/** The field that a problem is about. */
const places: Partial<Record<Problem['code'], keyof typeof EMPTY>> = {
  'wrong-password': 'currentPassword',
  'password-short': 'newPassword',
  'password-long': 'newPassword',
};

/** What went wrong stands at the field it is about; that it worked, at the end. */
export function PasswordForm() {
  const { t, problem: words } = useLanguage();
  const { account } = useSession();
  const [fields, setFields] = useState(EMPTY);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [changed, setChanged] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    setChanged(false);
    const outcome = await changePassword(fields);
    setBusy(false);
    if (!outcome.ok) return setProblem(outcome.problem);
    setFields(EMPTY);
    setChanged(true);
  };
  const errorAt = (place: keyof typeof EMPTY | 'form') =>
    problem && (places[problem.code] ?? 'form') === place ? words(problem) : null;
  const change = (field: keyof typeof EMPTY) => (event: { target: { value: string } }) =>
    setFields({ ...fields, [field]: event.target.value });
  const error = errorAt('form');

  return (
    <form className="card password-form" aria-labelledby="password-heading" onSubmit={submit}>
      <h2 id="password-heading" className="card-heading">
        {t('password.title')}
      </h2>
      <p className="person-detail">{t('password.hint')}</p>
      {/* For password keepers: whose password it is. */}
      <input hidden readOnly autoComplete="username" value={account?.email ?? ''} />
      <PasswordField
        label={t('password.current')}
        name="current-password"
        autoComplete="current-password"
        required
        value={fields.currentPassword}
        error={errorAt('currentPassword')}
        onChange={change('currentPassword')}
      />
      <PasswordField
        label={t('password.new')}
        name="new-password"
        autoComplete="new-password"
        required
        minLength={PASSWORD_MIN}
        hint={t('auth.passwordHint', { count: PASSWORD_MIN })}
        value={fields.newPassword}
        error={errorAt('newPassword')}
        onChange={change('newPassword')}
      />
      {error && <FieldError>{error}</FieldError>}
      <p className="password-changed" role="status">
        {changed && t('password.changed')}
      </p>
      <Button type="submit" disabled={busy}>
        {t(busy ? 'auth.working' : 'password.change')}
      </Button>
    </form>
  );
}
