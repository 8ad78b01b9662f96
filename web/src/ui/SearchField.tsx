/** A field to search in a list. */
import { type ComponentProps, useRef } from 'react';
import { useLanguage } from '../i18n';
import { IconButton } from './Button';
import { Icon } from './Icon';

interface Props extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** With a cross that empties it; Esc does the same. */
export function SearchField({ label, value, onChange, onKeyDown, ...rest }: Props) {
  const { t } = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="search-field">
      <Icon name="search" size={18} />
      <input
        ref={input}
        className="search-input"
        type="text"
        dir="auto"
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value) {
            event.preventDefault();
            event.stopPropagation();
            onChange('');
          }
          onKeyDown?.(event);
        }}
        {...rest}
      />
      {value && (
        <IconButton
          icon="close"
          size={16}
          label={t('search.clear')}
          onClick={() => {
            onChange('');
            input.current?.focus();
          }}
        />
      )}
    </div>
  );
}
