/** One number per day as a picture, over which one may go day by day. */
import { type CSSProperties, type PointerEvent, useId } from 'react';
import { useLanguage } from '../../i18n';
import { barsOf, HEIGHT, lineOf, middleOf, slotAt, topOf, WIDTH } from './plot';

interface Props {
  name: string;
  days: readonly string[];
  values: readonly number[];
  look: 'bars' | 'line';
  /** The day that is looked at, in all plots the same. */
  at: number;
  onLook: (at: number) => void;
}

/** The picture says what it shows in words; a slider over it (arrow keys, finger, mouse) says each day. */
export function Plot({ name, days, values, look, at, onLook }: Props) {
  const { number, t, utcDay } = useLanguage();
  const id = useId();
  const day = (index: number) => utcDay(days[index] ?? '');
  const top = topOf(values);
  const said = t('admin.at', { day: day(at), number: values[at] ?? 0 });
  const middle = middleOf(at, values.length);
  const hover = (event: PointerEvent<HTMLInputElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    if (event.pointerType === 'mouse' && width > 0)
      onLook(slotAt((event.clientX - left) / width, values.length));
  };
  return (
    <figure className="card plot">
      <figcaption className="plot-head">
        <h2 id={id} className="plot-name">
          {name}
        </h2>
        <span className="plot-said">{said}</span>
      </figcaption>
      <div className="plot-body">
        <div className="plot-scale" aria-hidden="true">
          {[top, top / 2, 0].map((tick) => (
            <span key={tick}>{number(tick)}</span>
          ))}
        </div>
        <div className="plot-area" style={{ '--slot': `${100 / values.length}%` } as CSSProperties}>
          <input
            type="range"
            className="plot-cursor"
            min={0}
            max={values.length - 1}
            value={at}
            aria-labelledby={id}
            aria-valuetext={said}
            onChange={(event) => onLook(Number(event.target.value))}
            onPointerMove={hover}
          />
          <svg
            className="plot-art"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-labelledby={`${id}-title`}
            aria-describedby={`${id}-desc`}
          >
            <title id={`${id}-title`}>{name}</title>
            <desc id={`${id}-desc`}>
              {t('admin.plot', {
                from: day(0),
                to: day(values.length - 1),
                least: Math.min(...values),
                most: Math.max(...values),
              })}
            </desc>
            <path
              className="plot-grid"
              d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`}
            />
            <path className="plot-at" d={`M${middle} 0V${HEIGHT}`} />
            <path className={`plot-${look}`} d={(look === 'bars' ? barsOf : lineOf)(values, top)} />
          </svg>
        </div>
      </div>
      <div className="plot-ends" aria-hidden="true">
        <span>{day(0)}</span>
        {values.length > 1 && <span>{day(values.length - 1)}</span>}
      </div>
    </figure>
  );
}
