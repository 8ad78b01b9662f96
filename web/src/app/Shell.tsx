/** The frame for who is signed in: chats on the left, the rest on the right; one of both if narrow. */
import { lazy, Suspense, useEffect } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { ChatPage } from '../features/chat/ChatPage';
import { NothingOpen } from '../features/chats/NothingOpen';
import { Sidebar } from '../features/chats/Sidebar';
import { useLanguage } from '../i18n';
import { type Account, onOpenChat } from '../state';
import { ConnectionBar } from './ConnectionBar';
import { NotFound } from './NotFound';
import { Overlays } from './Overlays';
import { Shortcuts } from './shortcuts';
import { Toasts } from './Toasts';
import { useVisibleHeight } from './visibleHeight';
import './shell.css';

const AdminPage = lazy(() => import('../features/admin/AdminPage'));
const PeoplePage = lazy(() => import('../features/people/PeoplePage'));
const DevicesPage = lazy(() => import('../features/settings/DevicesPage'));
const SettingsPage = lazy(() => import('../features/settings/SettingsPage'));

/** Every screen behind the sign-in. */
export function Shell({ account }: { account: Account }) {
  const { t } = useLanguage();
  const [path, navigate] = useLocation();
  useVisibleHeight();
  useEffect(() => onOpenChat((chatId) => navigate(`/chats/${chatId}`)), [navigate]);

  return (
    <div className="shell" data-pane={path === '/chats' ? 'list' : 'detail'}>
      <a className="skip-link" href="#main">
        {t('app.skip')}
      </a>
      <ConnectionBar />
      <Sidebar account={account} />
      <main id="main" className="pane" tabIndex={-1}>
        <Suspense fallback={null}>
          <Switch>
            <Route path="/chats" component={NothingOpen} />
            <Route path="/chats/:id">{({ id }) => <ChatPage key={id} chatId={id} />}</Route>
            <Route path="/people" component={PeoplePage} />
            <Route path="/admin" component={AdminPage} />
            <Route path="/settings/devices" component={DevicesPage} />
            <Route path="/settings/*?" component={SettingsPage} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </main>
      <Shortcuts />
      <Overlays />
      <Toasts />
    </div>
  );
}
