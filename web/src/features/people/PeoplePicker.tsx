/** Choosing several people from everybody. */
import { useState } from 'react';
import { useLanguage } from '../../i18n';
import type { UserId } from '../../state';
import { PersonRow } from '../../ui/PersonRow';
import { SearchField } from '../../ui/SearchField';
import { useEverybody } from './everybody';

interface Props {
  label: string;
  chosen: ReadonlySet<UserId>;
  onChange: (chosen: ReadonlySet<UserId>) => void;
  /** Who cannot be chosen, and why. */
  taken?: ReadonlySet<UserId>;
  takenWords?: string;
}

/** A search over a list of boxes to tick. */
export function PeoplePicker({ label, chosen, onChange, taken, takenWords }: Props) {
  const { t } = useLanguage();
  const [query, setQuery] = useState('');
  const { people } = useEverybody(query);
  const toggle = (id: UserId) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <fieldset className="picker">
      <legend className="field-label">{label}</legend>
      <SearchField label={t('group.find')} value={query} onChange={setQuery} />
      <div className="dialog-list scroll">
        {people.slice(0, 200).map((person) => {
          const isTaken = taken?.has(person.id) ?? false;
          return (
            <label key={person.id} className="person-row">
              <PersonRow person={person} detail={isTaken ? takenWords : person.email} />
              <input
                type="checkbox"
                className="check"
                checked={isTaken || chosen.has(person.id)}
                disabled={isTaken}
                onChange={() => toggle(person.id)}
              />
            </label>
          );
        })}
        {people.length === 0 && <p className="search-note">{t('people.none')}</p>}
      </div>
    </fieldset>
  );
}
