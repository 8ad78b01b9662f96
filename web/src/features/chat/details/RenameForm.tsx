/** Giving a group another name. */
import { type FormEvent, useState } from 'react';
import { useLanguage } from '../../../i18n';
import { type Chat, renameGroup, TITLE_MAX } from '../../../state';
import { Button } from '../../../ui/Button';
import { Field } from '../../../ui/Field';

/** In the place of the name. */
export function RenameForm({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const language = useLanguage();
  const { t } = language;
  const [title, setTitle] = useState(chat.name);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const outcome = await renameGroup(chat.id, title.trim());
    if (outcome.ok) onClose();
    else setError(language.problem(outcome.problem));
  };
  return (
    <form className="rename" onSubmit={submit}>
      <Field
        label={t('group.name')}
        value={title}
        maxLength={TITLE_MAX}
        error={error}
        autoFocus
        onChange={(event) => setTitle(event.target.value)}
      />
      <div className="dialog-actions">
        <Button look="quiet" onClick={onClose}>
          {t('nav.cancel')}
        </Button>
        <Button type="submit" disabled={!title.trim()}>
          {t('nav.save')}
        </Button>
      </div>
    </form>
  );
}
