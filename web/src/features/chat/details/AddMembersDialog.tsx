/** Adding people to a group. */
import { useState } from 'react';
import { useLanguage } from '../../../i18n';
import { addMember, type Chat, type UserId } from '../../../state';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { FieldError } from '../../../ui/Field';
import { PeoplePicker } from '../../people/PeoplePicker';

/** Stops at the first who cannot be added, and says why. */
export function AddMembersDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const language = useLanguage();
  const { t } = language;
  const [chosen, setChosen] = useState<ReadonlySet<UserId>>(new Set());
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const taken = new Set(chat.members.map((member) => member.userId));

  const submit = async () => {
    setBusy(true);
    const left = new Set(chosen);
    for (const userId of chosen) {
      const outcome = await addMember(chat.id, userId);
      if (!outcome.ok) {
        setBusy(false);
        setChosen(left);
        return setError(language.problem(outcome.problem));
      }
      left.delete(userId);
    }
    onClose();
  };

  return (
    <Dialog
      title={t('group.add')}
      onClose={onClose}
      actions={
        <Button disabled={busy || chosen.size === 0} onClick={() => void submit()}>
          {t('group.add')}
        </Button>
      }
    >
      <PeoplePicker
        label={t('group.who')}
        chosen={chosen}
        onChange={setChosen}
        taken={taken}
        takenWords={t('group.added')}
      />
      {error && <FieldError>{error}</FieldError>}
    </Dialog>
  );
}
