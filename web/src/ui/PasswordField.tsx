/** A password that can be looked at. */
import { type ComponentProps, useState } from 'react';
import { useLanguage } from '../i18n';
import { IconButton } from './Button';
import { Field } from './Field';

type Props = Omit<ComponentProps<typeof Field>, 'label'> & { label?: string };

/** A field with an eye. */
export function PasswordField({ label, ...props }: Props) {
  const { t } = useLanguage();
  const [shown, setShown] = useState(false);
  return (
    <div className="password-field">
      <Field
        name="password"
        {...props}
        label={label ?? t('auth.password')}
        type={shown ? 'text' : 'password'}
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
