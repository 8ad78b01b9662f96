/** The list of keys. */
import { type Key, useLanguage } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { commandKey } from './shortcuts';

const shortcuts: [Key, string[]][] = [
  ['shortcuts.switcher', [commandKey, 'K']],
  ['shortcuts.nextChat', ['Alt', '↓', '↑']],
  ['shortcuts.send', ['Enter']],
  ['shortcuts.break', ['Shift', 'Enter']],
  ['shortcuts.lastOwn', ['↑']],
  ['shortcuts.move', ['↑', '↓', 'Home', 'End']],
  ['shortcuts.actions', ['Enter']],
  ['shortcuts.escape', ['Esc']],
  ['shortcuts.help', ['?']],
];

/** `?` */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Dialog title={t('shortcuts.title')} onClose={onClose}>
      <dl className="shortcuts scroll">
        {shortcuts.map(([key, keys]) => (
          <div key={key} className="shortcut">
            <dt>{t(key)}</dt>
            <dd>
              {keys.map((name) => (
                <kbd key={name} className="key">
                  {name}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
