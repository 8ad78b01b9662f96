/** A button that opens a menu under itself. */
import { useState } from 'react';
import { IconButton } from './Button';
import type { IconName } from './Icon';
import { Menu, type MenuEntry, type Place } from './Menu';

interface Props {
  icon?: IconName;
  label: string;
  entries: MenuEntry[];
  className?: string;
}

/** The menu ends where the button ends. */
export function MenuButton({ icon = 'more', label, entries, className }: Props) {
  const [place, setPlace] = useState<Place | null>(null);
  return (
    <>
      <IconButton
        icon={icon}
        label={label}
        className={className}
        aria-haspopup="menu"
        aria-expanded={place !== null}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const x = Math.max(8, box.right - 208);
          setPlace(place ? null : { x, y: box.bottom + 4, over: box.top - 4 });
        }}
      />
      {place && (
        <Menu label={label} place={place} entries={entries} onClose={() => setPlace(null)} />
      )}
    </>
  );
}
