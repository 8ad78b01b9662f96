/** `/admin`: what was counted per day, for operators. For everybody else there is no such page. */
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { NotFound } from '../../app/NotFound';
import { usePageTitle } from '../../app/pageTitle';
import { useLanguage } from '../../i18n';
import { type Counts, type DayRange, refreshAnalytics, useAnalytics } from '../../state';
import { BackButton } from '../../ui/BackButton';
import { Button, IconButton } from '../../ui/Button';
import { CountsTable } from './CountsTable';
import { DownloadButton } from './DownloadButton';
import { Plot } from './Plot';
import { RangeChoice } from './RangeChoice';
import { type Choice, read, today } from './range';
import { SERIES } from './series';
import { Totals } from './Totals';
import './admin.css';

/** Nothing of it shows before the server has said that one may see it. */
export default function AdminPage() {
  const [search, setSearch] = useSearchParams();
  const { choice, range } = read(search, today());
  const counts = useAnalytics(range);
  if (counts.phase === 'hidden') return <NotFound />;
  if (counts.phase === 'loading') return null;
  const choose = (wanted: Choice, own: DayRange) =>
    setSearch(wanted === 'own' ? { ...own } : { days: `${wanted}` }, { replace: true });
  return <Page counts={counts} choice={choice} range={range} onChoose={choose} />;
}

interface Props {
  counts: Counts;
  choice: Choice;
  range: DayRange;
  onChoose: (choice: Choice, range: DayRange) => void;
}

function Page({ counts, choice, range, onChoose }: Props) {
  const { t, problem: words } = useLanguage();
  usePageTitle(t('admin.title'));
  const days = counts.analytics?.days ?? [];
  const refresh = () => void refreshAnalytics(range);
  return (
    <div className="page">
      <header className="page-head">
        <BackButton />
        <h1 className="page-title">{t('admin.title')}</h1>
        <IconButton icon="retry" label={t('admin.refresh')} onClick={refresh} />
      </header>
      <div className="page-body scroll">
        <div className="page-column admin">
          <RangeChoice choice={choice} range={range} onChoose={onChoose} />
          {counts.problem && (
            <div className="note note-danger admin-problem" role="alert">
              <span>
                {t('admin.failed')} {words(counts.problem)}
              </span>
              <Button look="quiet" onClick={refresh}>
                {t('chat.tryAgain')}
              </Button>
            </div>
          )}
          {days.length > 0 && <Report counts={counts} key={`${days[0]?.day} ${days.length}`} />}
          {days.length > 0 && <DownloadButton range={range} />}
        </div>
      </div>
    </div>
  );
}

/** The last day is looked at first. */
function Report({ counts }: { counts: Counts }) {
  const { t, moment } = useLanguage();
  const { days = [], countedTo } = counts.analytics ?? {};
  const [at, setAt] = useState(days.length - 1);
  const names = days.map(({ day }) => day);
  return (
    <>
      <p className="person-detail">
        {countedTo
          ? t('admin.countedTo', { when: moment(new Date(countedTo)) })
          : t('admin.nobody', { worker: 'zvon worker', setting: 'jobs.in_process = true' })}
      </p>
      <Totals days={days} />
      <div className="plots">
        {SERIES.map(({ of, look }) => (
          <Plot
            key={of}
            name={t(`admin.${of}`)}
            days={names}
            values={days.map((day) => day[of])}
            look={look}
            at={at}
            onLook={setAt}
          />
        ))}
      </div>
      <CountsTable days={days} />
    </>
  );
}
