/** A labelled input with a hint, or with what is wrong about it. */
import { type ComponentProps, type ReactNode, useId } from 'react';
import { Icon } from './Icon';

interface Props extends ComponentProps<'input'> {
  label: string;
  hint?: string;
  error?: string | null;
  /** What stands at the end inside the field. */
  adornment?: ReactNode;
}

/** The hint and the error are announced with the field. */
export function Field({ label, hint, error, adornment, ...input }: Props) {
  const id = useId();
  const note = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className="field-box">
        <input
          id={id}
          className="input"
          dir="auto"
          aria-invalid={error ? true : undefined}
          aria-describedby={note}
          {...input}
        />
        {adornment}
      </div>
      {hint && !error && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </div>
  );
}

/** What is wrong, near the thing that failed. */
export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <span id={id} className="field-error" role="alert">
      <Icon name="alert" size={18} />
      {children}
    </span>
  );
}
