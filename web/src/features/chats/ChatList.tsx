/** All chats, the most recently active first; only what is in view is in the page. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useRef } from 'react';
import { Link, useRoute } from 'wouter';
import { useLanguage } from '../../i18n';
import { useChats, useChatsReady } from '../../state';
import { EmptyState } from '../../ui/EmptyState';
import { ChatRow } from './ChatRow';
import { ListSkeleton } from './ListSkeleton';

/** The height of a row, as in the styles. */
const ROW = 68;

/** One tab stop; ↑ and ↓ move in it. */
export function ChatList() {
  const { t } = useLanguage();
  const chats = useChats();
  const ready = useChatsReady();
  const [, params] = useRoute('/chats/:id');
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: chats.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => chats[index]?.id ?? index,
    overscan: 8,
  });

  if (chats.length === 0) {
    if (!ready) return <ListSkeleton />;
    return (
      <EmptyState icon="chats" title={t('chats.empty')} text={t('chats.emptyHint')}>
        <Link className="button button-primary" href="/people">
          {t('chats.findPeople')}
        </Link>
      </EmptyState>
    );
  }

  const selected = chats.findIndex((chat) => chat.id === params?.id);
  const move = (event: KeyboardEvent) => {
    const from = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!from || !step || event.altKey) return;
    event.preventDefault();
    const index = Number(from.dataset.index) + step;
    virtualizer.scrollToIndex(Math.max(0, index));
    scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only moves the focus among its links.
    <div ref={scroller} className="chat-list scroll" onKeyDown={move}>
      <ul
        className="chat-list-rows"
        aria-label={t('chats.list')}
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const chat = chats[index];
          return (
            chat && (
              <li
                key={key}
                data-index={index}
                className="chat-list-item"
                style={{ transform: `translateY(${start}px)` }}
              >
                <ChatRow
                  chat={chat}
                  selected={index === selected}
                  tabbable={index === Math.max(0, selected)}
                />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}
