/** The shown days as a file. */
import { useState } from 'react';
import { useLanguage } from '../../i18n';
import { analyticsFile, type DayRange, type Problem } from '../../state';
import { Button } from '../../ui/Button';
import { FieldError } from '../../ui/Field';

/** The server makes it; what goes wrong is said at the button. */
export function DownloadButton({ range }: { range: DayRange }) {
  const { t, problem: words } = useLanguage();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const download = async () => {
    setBusy(true);
    setProblem(null);
    const file = await analyticsFile(range);
    setBusy(false);
    if (!file.ok) return setProblem(file.problem);
    save(file.value, `analytics_${range.from}_${range.to}.csv`);
  };
  return (
    <div className="download">
      <Button look="quiet" disabled={busy} onClick={() => void download()}>
        {t(busy ? 'auth.working' : 'admin.download')}
      </Button>
      {problem && <FieldError>{words(problem)}</FieldError>}
    </div>
  );
}

/** The token goes with the request alone, so the browser is given what came, not an address. */
function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
