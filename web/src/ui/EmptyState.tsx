/** What stands where there is nothing yet: what it is, and what to do. */
import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon';

interface Props {
  icon: IconName;
  title: string;
  text?: ReactNode;
  children?: ReactNode;
}

/** Calm, in the middle of the room there is. */
export function EmptyState({ icon, title, text, children }: Props) {
  return (
    <div className="empty">
      <span className="empty-art">
        <Icon name={icon} size={34} />
      </span>
      <p className="empty-title" dir="auto">
        {title}
      </p>
      {text && <p className="empty-text">{text}</p>}
      {children}
    </div>
  );
}
