/** A menu at a place: arrows move in it, Esc and a press elsewhere close it. */
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { Icon, type IconName } from './Icon';

/** One line of a menu. */
export interface MenuEntry {
  icon: IconName;
  label: string;
  danger?: boolean;
  run: () => void;
}

/** Where a menu opens: its upper corner; without room below, its lower edge is at `over` or `y`. */
export interface Place {
  x: number;
  y: number;
  over?: number;
}

interface Props {
  label: string;
  place: Place;
  entries: MenuEntry[];
  onClose: () => void;
}

/** Mount it to open it. It stays inside the window and gives the focus back. */
export function Menu({ label, place, entries, onClose }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(place);

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    const x = Math.max(8, Math.min(place.x, window.innerWidth - box.offsetWidth - 8));
    const below = place.y + box.offsetHeight + 8 <= window.innerHeight;
    setAt({ x, y: below ? place.y : Math.max(8, (place.over ?? place.y) - box.offsetHeight) });
  }, [place]);

  useEffect(() => {
    const before = document.activeElement;
    ref.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus({ preventScroll: true });
    return () => {
      const lost = document.activeElement === document.body || !document.activeElement;
      if (lost && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);

  useEffect(() => {
    const outside = (event: Event) => {
      if (!ref.current?.contains(event.target as Node)) onClose();
    };
    window.addEventListener('pointerdown', outside, true);
    window.addEventListener('resize', onClose);
    window.addEventListener('wheel', outside, { passive: true });
    return () => {
      window.removeEventListener('pointerdown', outside, true);
      window.removeEventListener('resize', onClose);
      window.removeEventListener('wheel', outside);
    };
  }, [onClose]);

  return createPortal(
    <div
      ref={ref}
      className="menu"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      style={{ left: at.x, top: at.y }}
      onKeyDown={(event) => moveFocus(event, onClose)}
      onContextMenu={(event) => event.preventDefault()}
    >
      {entries.map((entry) => (
        <button
          key={entry.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          className={`menu-item ${entry.danger ? 'menu-item-danger' : ''}`}
          onClick={() => {
            onClose();
            entry.run();
          }}
        >
          <Icon name={entry.icon} />
          <span className="truncate">{entry.label}</span>
        </button>
      ))}
    </div>,
    document.body,
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>, close: () => void): void {
  event.stopPropagation();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
  const now = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next !== undefined) items.at(next % items.length)?.focus();
  else if (event.key === 'Escape' || event.key === 'Tab') close();
  else return;
  event.preventDefault();
}
