/** A message in the list: the bubble, and what may be done with it. */
import { type KeyboardEvent, memo, type PointerEvent, useRef, useState } from 'react';
import { useLanguage } from '../../i18n';
import { usePerson } from '../../state';
import { Avatar } from '../../ui/Avatar';
import { Bubble } from './Bubble';
import { MessageTools } from './MessageTools';
import type { MessageRow } from './rows';
import { useScreen } from './screen';

interface Props {
  row: MessageRow;
  /** The one tab stop of the list. */
  tabbable: boolean;
  highlighted: boolean;
  /** `null` while nothing is being selected. */
  selected: boolean | null;
}

/** How long a press is a long one (ms). */
const LONG_PRESS = 450;

/** Hover, a long press, a right press and the keyboard all lead to the same menu. */
export const MessageItem = memo(function MessageItem(props: Props) {
  const { row, tabbable, highlighted, selected } = props;
  const { t } = useLanguage();
  const { kind, toggle, openMenu } = useScreen();
  const box = useRef<HTMLElement>(null);
  const [hovered, setHovered] = useState(false);
  const press = usePress((place) => openMenu(row.item, place));
  const stored = row.item.kind === 'message';
  const senderId = row.item.kind === 'message' ? row.item.message.senderId : null;
  const selecting = selected !== null;

  const menuAtBubble = () => {
    const bounds = box.current?.querySelector('.bubble')?.getBoundingClientRect();
    if (bounds)
      openMenu(row.item, { x: bounds.left + 16, y: bounds.bottom + 4, over: bounds.top - 4 });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter' && !selecting) menuAtBubble();
    else if (event.key === ' ' || event.key === 'Enter') toggle(row.item);
    else return;
    event.preventDefault();
  };
  const className = [
    'message',
    row.own ? 'message-own' : 'message-other',
    row.first && 'message-first',
    row.last && 'message-last',
    highlighted && 'message-highlighted',
    selecting && 'message-selecting',
  ];

  return (
    <article
      ref={box}
      className={className.filter(Boolean).join(' ')}
      tabIndex={tabbable ? 0 : -1}
      aria-live={row.own ? 'off' : undefined}
      onKeyDown={onKeyDown}
      onPointerOver={(event) => setHovered(event.pointerType === 'mouse')}
      onPointerLeave={() => setHovered(false)}
      onClick={() => selecting && stored && toggle(row.item)}
      onContextMenu={(event) => {
        if (selecting || window.getSelection()?.toString()) return;
        event.preventDefault();
        if (event.clientX || event.clientY)
          openMenu(row.item, { x: event.clientX, y: event.clientY });
        else menuAtBubble();
      }}
      {...(selecting ? {} : press)}
    >
      {selecting && (
        <input
          type="checkbox"
          className="check"
          tabIndex={-1}
          aria-label={t('message.selectThis')}
          checked={selected}
          disabled={!stored}
          onChange={() => toggle(row.item)}
          onClick={(event) => event.stopPropagation()}
        />
      )}
      {kind === 'group' && !row.own && (
        <span className="message-avatar">{row.last && senderId && <Face id={senderId} />}</span>
      )}
      <Bubble row={row} />
      {hovered && !selecting && <MessageTools item={row.item} />}
    </article>
  );
});

function Face({ id }: { id: string }) {
  const { nameOf } = useScreen();
  const person = usePerson(id);
  return <Avatar id={id} name={nameOf(id) || person.name} size={32} />;
}

/** A long press of a finger; a mouse has its own button for that. */
function usePress(onLong: (place: { x: number; y: number }) => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const cancel = () => clearTimeout(timer.current);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return;
      const place = { x: event.clientX, y: event.clientY };
      cancel();
      timer.current = setTimeout(() => onLong(place), LONG_PRESS);
    },
    onPointerMove: cancel,
    onPointerUp: cancel,
    onPointerCancel: cancel,
  };
}
