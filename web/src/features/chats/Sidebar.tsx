/** The left column: oneself, the search, the chats. */
import { memo, useDeferredValue, useState } from 'react';
import { useLanguage } from '../../i18n';
import type { Account } from '../../state';
import { SearchField } from '../../ui/SearchField';
import { AccountHead } from './AccountHead';
import { ChatList } from './ChatList';
import { SearchResults } from './SearchResults';
import './chats.css';

/** The search takes the place of the list while something is typed. */
export const Sidebar = memo(function Sidebar({ account }: { account: Account }) {
  const { t } = useLanguage();
  const [query, setQuery] = useState('');
  const shown = useDeferredValue(query);
  return (
    <nav className="sidebar" aria-label={t('nav.label')}>
      <AccountHead account={account} />
      <div className="sidebar-search">
        <SearchField
          label={t('search.placeholder')}
          value={query}
          onChange={setQuery}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
            const first = document.querySelector<HTMLElement>('.sidebar [data-result]');
            if (event.key === 'Enter') first?.click();
            else first?.focus();
            event.preventDefault();
          }}
        />
      </div>
      {shown.trim() ? <SearchResults query={shown} onDone={() => setQuery('')} /> : <ChatList />}
    </nav>
  );
});
