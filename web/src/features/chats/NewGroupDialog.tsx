/** Making a group: a name, and who is in it. */
import { type FormEvent, useId, useState } from 'react';
import { useLocation } from 'wouter';
import { useLanguage } from '../../i18n';
import { createGroup, TITLE_MAX, type UserId } from '../../state';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Field, FieldError } from '../../ui/Field';
import { PeoplePicker } from '../people/PeoplePicker';

/** Goes to the new group. */
export function NewGroupDialog({ onClose }: { onClose: () => void }) {
  const language = useLanguage();
  const { t } = language;
  const form = useId();
  const [, navigate] = useLocation();
  const [title, setTitle] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<UserId>>(new Set());
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const outcome = await createGroup(title.trim(), [...chosen]);
    setBusy(false);
    if (!outcome.ok) return setError(language.problem(outcome.problem));
    onClose();
    navigate(`/chats/${outcome.value}`);
  };

  return (
    <Dialog
      title={t('group.title')}
      onClose={onClose}
      actions={
        <Button type="submit" form={form} disabled={busy || !title.trim() || chosen.size === 0}>
          {t('group.create')}
        </Button>
      }
    >
      <form id={form} onSubmit={submit}>
        <Field
          label={t('group.name')}
          placeholder={t('group.namePlaceholder')}
          maxLength={TITLE_MAX}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </form>
      <PeoplePicker label={t('group.who')} chosen={chosen} onChange={setChosen} />
      {error && <FieldError>{error}</FieldError>}
    </Dialog>
  );
}
