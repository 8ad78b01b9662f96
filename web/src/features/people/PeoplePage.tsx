/** `/people`: everybody, to write to. */
import { useEffect, useState } from 'react';
import { usePageTitle } from '../../app/pageTitle';
import { useLanguage } from '../../i18n';
import { refreshPeople } from '../../state';
import { BackButton } from '../../ui/BackButton';
import { EmptyState } from '../../ui/EmptyState';
import { PersonRow } from '../../ui/PersonRow';
import { SearchField } from '../../ui/SearchField';
import { usePresenceText } from '../chat/presenceText';
import { useOpenPerson } from '../chats/openPerson';
import { useEverybody } from './everybody';
import './people.css';

/** A press opens the chat. */
export default function PeoplePage() {
  const { t } = useLanguage();
  const [query, setQuery] = useState('');
  const { people, loading } = useEverybody(query);
  const open = useOpenPerson();
  const presence = usePresenceText();
  usePageTitle(t('people.title'));
  useEffect(() => {
    void refreshPeople();
  }, []);

  return (
    <div className="page">
      <header className="page-head">
        <BackButton />
        <h1 className="page-title">{t('people.title')}</h1>
        {people.length > 0 && (
          <span className="page-count">{t('people.count', { count: people.length })}</span>
        )}
      </header>
      <div className="page-body scroll">
        <div className="page-column">
          <SearchField label={t('people.find')} value={query} onChange={setQuery} />
          <ul className="card people">
            {people.slice(0, 500).map((person) => (
              <li key={person.id}>
                <button type="button" className="person-row" onClick={() => open(person.id)}>
                  <PersonRow person={person} detail={person.email} />
                  {(person.isOnline || person.lastSeen !== null) && (
                    <span className="people-presence">{presence(person)}</span>
                  )}
                </button>
              </li>
            ))}
          </ul>
          {people.length === 0 && !loading && (
            <EmptyState
              icon="people"
              title={t(query.trim() ? 'people.none' : 'people.empty')}
              text={t(query.trim() ? 'search.nothingHint' : 'people.emptyHint')}
            />
          )}
        </div>
      </div>
    </div>
  );
}
