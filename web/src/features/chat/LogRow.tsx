/** A row of the log: a message, a day, or the line before what is new. */
import { useLanguage } from '../../i18n';
import { MessageItem } from './MessageItem';
import { type Row, seqOf } from './rows';

interface Props {
  row: Row;
  tabbable: boolean;
  /** The seq of the message that was jumped to. */
  highlight: number | null;
  /** The ids of the selected messages; `null` while nothing is being selected. */
  selection: ReadonlySet<string> | null;
}

/** Draws a row of any kind. */
export function LogRow({ row, tabbable, highlight, selection }: Props) {
  const { t, day, full } = useLanguage();
  if (row.kind === 'new') {
    return (
      <div className="log-new">
        <span>{t('chat.new')}</span>
      </div>
    );
  }
  if (row.kind === 'date') {
    const at = new Date(row.at);
    return (
      <div className="log-date">
        <time dateTime={at.toISOString().slice(0, 10)} title={full(at)}>
          {day(at)}
        </time>
      </div>
    );
  }
  const id = row.item.kind === 'message' ? row.item.message.id : '';
  return (
    <MessageItem
      row={row}
      tabbable={tabbable}
      highlighted={highlight === seqOf(row.item)}
      selected={selection === null ? null : selection.has(id)}
    />
  );
}
