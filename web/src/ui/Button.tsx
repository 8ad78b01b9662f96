/** Buttons: with words, or a picture with its words for those who cannot see it. */
import type { ComponentProps } from 'react';
import { Icon, type IconName } from './Icon';

type Look = 'primary' | 'plain' | 'quiet' | 'danger';

/** A button with words. */
export function Button({
  look = 'primary',
  className = '',
  ...rest
}: ComponentProps<'button'> & { look?: Look }) {
  return <button type="button" className={`button button-${look} ${className}`} {...rest} />;
}

interface IconButtonProps extends ComponentProps<'button'> {
  icon: IconName;
  label: string;
  size?: number;
}

/** A round button with a picture; the label is its name and its tooltip. */
export function IconButton({ icon, label, size, className = '', ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={`icon-button ${className}`}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon name={icon} size={size} />
    </button>
  );
}
