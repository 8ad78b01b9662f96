/** What signing in and signing up share: one try at a time, and where its problem belongs. */
import { type FormEvent, useState } from 'react';
import { useLanguage } from '../../i18n';
import { type LimitKind, type Outcome, type Problem, useLimit } from '../../state';
import { useCountdown } from '../../ui/clock';

/** The field that a problem is about; `form` if it is about none. */
type Place = 'name' | 'email' | 'password' | 'form';

const places: Partial<Record<Problem['code'], Place>> = {
  'name-blank': 'name',
  'email-taken': 'email',
  'email-invalid': 'email',
  'password-short': 'password',
};

/** `errorAt` gives the sentence for a place; `seconds` is how long a limit still lasts. */
export function useAuthForm(limit: LimitKind, attempt: () => Promise<Outcome>) {
  const language = useLanguage();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const seconds = useCountdown(useLimit(limit));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || seconds) return;
    setBusy(true);
    setProblem(null);
    const outcome = await attempt();
    setBusy(false);
    if (!outcome.ok) setProblem(outcome.problem);
  };

  const errorAt = (place: Place): string | null => {
    if (!problem || (places[problem.code] ?? 'form') !== place) return null;
    return problem.code === 'rate-limited' ? null : language.problem(problem);
  };

  const label = (words: string): string => {
    if (busy) return language.t('auth.working');
    return seconds ? language.t('auth.wait', { count: seconds }) : words;
  };

  return { submit, errorAt, label, blocked: busy || Boolean(seconds) };
}
