/** What the search of the left column finds. */
import { useLanguage } from '../../i18n';
import { EmptyState } from '../../ui/EmptyState';
import { PersonRow } from '../../ui/PersonRow';
import { ChatRow } from './ChatRow';
import { useFinder } from './finder';
import { useOpenPerson } from './openPerson';

interface Props {
  query: string;
  /** A result was taken. */
  onDone: () => void;
}

/** Chats first, then people one has no chat with yet. */
export function SearchResults({ query, onDone }: Props) {
  const { t } = useLanguage();
  const { chats, people, loading } = useFinder(query);
  const open = useOpenPerson();

  if (chats.length + people.length === 0) {
    return loading ? (
      <p className="search-note">{t('chat.loading')}</p>
    ) : (
      <EmptyState icon="search" title={t('search.nothing')} text={t('search.nothingHint')} />
    );
  }
  return (
    <div className="chat-list scroll">
      {chats.length > 0 && (
        <section aria-label={t('search.chats')}>
          <h2 className="list-heading">{t('search.chats')}</h2>
          {chats.slice(0, 30).map((chat) => (
            <ChatRow key={chat.id} chat={chat} onClick={onDone} />
          ))}
        </section>
      )}
      {people.length > 0 && (
        <section aria-label={t('search.people')}>
          <h2 className="list-heading">{t('search.people')}</h2>
          {people.map((person) => (
            <button
              key={person.id}
              type="button"
              className="person-row sidebar-person"
              data-result=""
              onClick={async () => {
                if (await open(person.id)) onDone();
              }}
            >
              <PersonRow person={person} detail={person.email} />
            </button>
          ))}
        </section>
      )}
    </div>
  );
}
