/** Ctrl/⌘ K: go to a chat or a person by a few letters. */
import { type KeyboardEvent, useId, useState } from 'react';
import { useLocation } from 'wouter';
import { useLanguage } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { PersonRow } from '../../ui/PersonRow';
import { ChatAvatar } from './ChatRow';
import { useFinder } from './finder';
import { useOpenPerson } from './openPerson';

/** A field over a list; the focus stays in the field, ↑ ↓ choose, Enter goes. */
export function QuickSwitcher({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const id = useId();
  const [, navigate] = useLocation();
  const openPerson = useOpenPerson();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = useFinder(query);
  const options = [
    ...found.chats.slice(0, 12).map((chat) => ({
      key: chat.id,
      go: () => navigate(`/chats/${chat.id}`),
      row: (
        <>
          <ChatAvatar chat={chat} size={40} />
          <bdi className="person-text person-name truncate">{chat.name || t('chats.unknown')}</bdi>
        </>
      ),
    })),
    ...found.people.slice(0, 12).map((person) => ({
      key: person.id,
      go: () => void openPerson(person.id),
      row: <PersonRow person={person} detail={person.email} />,
    })),
  ];
  const index = Math.min(chosen, options.length - 1);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.nativeEvent.isComposing) return;
    if (step && options.length > 0) {
      const next = (index + step + options.length) % options.length;
      setChosen(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      onClose();
      options[index]?.go();
    } else return;
    event.preventDefault();
  };

  return (
    <Dialog title={t('switcher.title')} onClose={onClose}>
      <input
        className="input"
        role="combobox"
        dir="auto"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={index >= 0 ? `${id}-${index}` : undefined}
        aria-label={t('switcher.title')}
        placeholder={t('switcher.placeholder')}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} role="listbox" aria-label={t('switcher.title')} className="dialog-list scroll">
        {options.map((option, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above.
          <div
            key={option.key}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            className="person-row"
            aria-selected={at === index}
            onPointerMove={() => setChosen(at)}
            onClick={() => {
              onClose();
              option.go();
            }}
          >
            {option.row}
          </div>
        ))}
        {options.length === 0 && !found.loading && (
          <p className="search-note">{t('search.nothing')}</p>
        )}
      </div>
    </Dialog>
  );
}
