/** Which days: some last ones, or dates of one's own. */
import { useState } from 'react';
import { useLanguage } from '../../i18n';
import type { DayRange } from '../../state';
import { Field } from '../../ui/Field';
import { type Choice, faultOf, LAST, MOST } from './range';

interface Props {
  choice: Choice;
  range: DayRange;
  onChoose: (choice: Choice, range: DayRange) => void;
}

/** Takes effect at once; own dates as soon as they are a range. */
export function RangeChoice({ choice, range, onChoose }: Props) {
  const { t } = useLanguage();
  const [own, setOwn] = useState(range);
  const fault = faultOf(own);
  const error =
    fault === 'backwards'
      ? t('admin.backwards')
      : fault === 'too-long'
        ? t('admin.tooLong', { count: MOST })
        : null;
  const change = (part: Partial<DayRange>) => {
    const next = { ...own, ...part };
    setOwn(next);
    if (!faultOf(next)) onChoose('own', next);
  };
  const choose = (wanted: Choice) => {
    setOwn(range);
    onChoose(wanted, range);
  };
  const date = (part: keyof DayRange, label: string, wrong: string | null) => (
    <Field
      type="date"
      label={label}
      value={own[part]}
      error={wrong}
      onChange={(event) => change({ [part]: event.target.value })}
    />
  );
  return (
    <fieldset className="card range">
      <legend className="sr-only">{t('admin.range')}</legend>
      <div className="range-choices">
        {[...LAST]
          .sort((a, b) => a - b)
          .map((days) => (
            <label key={days} className="range-choice">
              <input
                type="radio"
                name="days"
                className="check"
                checked={choice === days}
                onChange={() => choose(days)}
              />
              {t('admin.days', { count: days })}
            </label>
          ))}
        <label className="range-choice">
          <input
            type="radio"
            name="days"
            className="check"
            checked={choice === 'own'}
            onChange={() => choose('own')}
          />
          {t('admin.own')}
        </label>
      </div>
      {choice === 'own' && (
        <div className="range-own">
          {date('from', t('admin.from'), null)}
          {date('to', t('admin.to'), error)}
        </div>
      )}
    </fieldset>
  );
}
