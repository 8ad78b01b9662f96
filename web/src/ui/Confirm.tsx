/** Asks before something that cannot be taken back. */
import { useState } from 'react';
import { useLanguage } from '../i18n';
import type { Outcome } from '../state';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { FieldError } from './Field';

interface Props {
  title: string;
  text: string;
  action: string;
  run: () => Promise<Outcome<unknown>>;
  onClose: () => void;
}

/** Stays open, with the reason, when it did not work. */
export function Confirm({ title, text, action, run, onClose }: Props) {
  const language = useLanguage();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const confirm = async () => {
    setBusy(true);
    const outcome = await run();
    setBusy(false);
    if (outcome.ok) onClose();
    else setError(language.problem(outcome.problem));
  };

  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button look="quiet" onClick={onClose}>
            {language.t('nav.cancel')}
          </Button>
          <Button look="danger" disabled={busy} onClick={confirm}>
            {action}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      {error && <FieldError>{error}</FieldError>}
    </Dialog>
  );
}
