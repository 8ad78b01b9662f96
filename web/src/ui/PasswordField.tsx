/** A password that can be looked at. */
import { type ComponentProps, useState } from 'react';
import { useLanguage } from '../../i18n';
import { IconButton } from '../../ui/Button';
import { Field } from '../../ui/Field';

/** A field with an eye. */
export function PasswordField(props: Omit<ComponentProps<typeof Field>, 'label'>) {
  const { t } = useLanguage();
  const [shown, setShown] = useState(false);
  return (
    <div className="password-field">
      <Field
        {...props}
        label={t('auth.password')}
        type={shown ? 'text' : 'password'}
        name="password"
        dir="ltr"
        adornment={
          <IconButton
            icon="eye"
            label={t(shown ? 'auth.hidePassword' : 'auth.showPassword')}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          />
        }
      />
    </div>
  );
}
