/** Gives the language in use to every component. */
import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { useSettings } from '../state';
import { Language, pickTag } from './language';

const Context = createContext(new Language('en'));

/** Follows the choice in the settings, else the browser; also names the language of the page. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const { language: choice } = useSettings();
  const tag = pickTag(choice, navigator.languages);
  const language = useMemo(() => new Language(tag), [tag]);
  useEffect(() => {
    document.documentElement.lang = tag;
  }, [tag]);
  return <Context value={language}>{children}</Context>;
}

/** The language in use. */
export function useLanguage(): Language {
  return useContext(Context);
}
