/** The client as a whole: language, theme, and either the way in or the chats. */
import { Redirect, Route, Switch, useSearchParams } from 'wouter';
import { LoginPage } from '../features/auth/LoginPage';
import { RegisterPage } from '../features/auth/RegisterPage';
import { LanguageProvider } from '../i18n';
import { useSession } from '../state';
import { ErrorBoundary } from './ErrorBoundary';
import { insidePath } from './insidePath';
import { Shell } from './Shell';
import { useTheme } from './theme';

/** Everything. */
export function App() {
  return (
    <LanguageProvider>
      <ErrorBoundary>
        <Gate />
      </ErrorBoundary>
    </LanguageProvider>
  );
}

function Gate() {
  useTheme();
  const session = useSession();
  if (session.account) {
    return (
      <Switch>
        <Route path="/login" component={Inside} />
        <Route path="/register" component={Inside} />
        <Route path="/">
          <Redirect to="/chats" replace />
        </Route>
        <Route>
          <Shell account={session.account} />
        </Route>
      </Switch>
    );
  }
  return (
    <Switch>
      <Route path="/login" component={LoginPage} />
      <Route path="/register" component={RegisterPage} />
      <Route component={Outside} />
    </Switch>
  );
}

/** Someone who has just signed in goes where they wanted to go. */
function Inside() {
  const [search] = useSearchParams();
  return <Redirect to={insidePath(search.get('next'), window.location.origin)} replace />;
}

/** Someone who is not signed in is asked to, and brought back afterwards. */
function Outside() {
  const { reason } = useSession();
  const here = window.location.pathname + window.location.search;
  const wanted = here !== '/' && here !== '/chats' && reason !== 'signed-out';
  return <Redirect to={wanted ? `/login?next=${encodeURIComponent(here)}` : '/login'} replace />;
}
