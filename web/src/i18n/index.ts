/** Languages: `useLanguage()` gives sentences, dates and numbers. */
export { LanguageProvider, useLanguage } from './context';
export type { Key } from './en';
export type { Language } from './language';
