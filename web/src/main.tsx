/** Where it begins: restore the session, then show the screens. */
import { StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import './styles/tokens.css';
import './styles/base.css';
import './ui/ui.css';
import { App } from './app/App';
import { start } from './state';

start();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
// At once: the first thing that is painted has the chosen theme already.
flushSync(() =>
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  ),
);
