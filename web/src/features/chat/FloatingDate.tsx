/** The day of what is at the top of the view, while one scrolls. */
import { useLanguage } from '../../i18n';
import { type Row, timeOf } from './rows';

interface Props {
  /** The first row in view. */
  row: Row | undefined;
  scrolling: boolean;
}

/** For the eye only: the days stand between the messages as well. */
export function FloatingDate({ row, scrolling }: Props) {
  const { day } = useLanguage();
  if (row?.kind !== 'message') return null;
  return (
    <div className="log-floating" data-shown={scrolling} aria-hidden="true">
      {day(new Date(timeOf(row.item)))}
    </div>
  );
}
