/** What all days come to. */
import { useLanguage } from '../../i18n';
import type { DayCounts } from '../../state';
import { SERIES, totalOf } from './series';

/** Sums; of the active, the most on a day. */
export function Totals({ days }: { days: readonly DayCounts[] }) {
  const { number, t } = useLanguage();
  return (
    <dl className="totals">
      {SERIES.map(({ of, isSummed }) => (
        <div key={of} className="card total">
          <dt className="total-name">
            {t(`admin.${of}`)}
            <span className="total-kind">{t(isSummed ? 'admin.inAll' : 'admin.mostOnADay')}</span>
          </dt>
          <dd className="total-number">{number(totalOf(days, of, isSummed))}</dd>
        </div>
      ))}
    </dl>
  );
}
