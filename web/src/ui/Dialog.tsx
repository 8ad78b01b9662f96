/** A modal dialog: the browser's own, which keeps the focus in and gives it back. */
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useLanguage } from '../i18n';
import { IconButton } from './Button';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** What stands under the body, at its end. */
  actions?: ReactNode;
}

/** Mount it to open it; Esc, the cross and a click beside it call `onClose`. */
export function Dialog({ title, onClose, children, actions }: Props) {
  const { t } = useLanguage();
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('.dialog-body :is(input, button)')?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected)
        before.focus({ preventScroll: true });
    };
  }, []);

  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="dialog-head">
        <h2 id={id} className="dialog-title truncate" dir="auto">
          {title}
        </h2>
        <IconButton icon="close" label={t('nav.close')} onClick={onClose} />
      </div>
      <div className="dialog-body">
        {children}
        {actions && <div className="dialog-actions">{actions}</div>}
      </div>
    </dialog>
  );
}
