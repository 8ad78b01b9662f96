/** The same numbers as the plots, for reading and copying. */
import { useLanguage } from '../../i18n';
import type { DayCounts } from '../../state';
import { SERIES } from './series';

/** Newest first; folded until wanted. It may scroll sideways, the page does not. */
export function CountsTable({ days }: { days: readonly DayCounts[] }) {
  const { number, t, utcDay } = useLanguage();
  return (
    <details className="card counts">
      <summary className="counts-summary">{t('admin.table')}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard. */}
      <section className="counts-box" aria-label={t('admin.table')} tabIndex={0}>
        <table className="counts-table">
          <thead>
            <tr>
              <th scope="col">{t('admin.day')}</th>
              {SERIES.map(({ of }) => (
                <th key={of} scope="col">
                  {t(`admin.${of}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((counts) => (
              <tr key={counts.day}>
                <th scope="row">
                  <time dateTime={counts.day}>{utcDay(counts.day)}</time>
                </th>
                {SERIES.map(({ of }) => (
                  <td key={of}>{number(counts[of])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
