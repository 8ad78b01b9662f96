/**
 * Which stretches of a chat's log are known without a hole: sorted, disjoint, never touching.
 * Both ends belong to a span.
 */

/** Everything from `from` to `to` is known. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The spans with one more; what overlaps or touches becomes one. */
export function addSpan(spans: readonly Span[], added: Span): readonly Span[] {
  if (added.from > added.to) return spans;
  const apart = (span: Span) => span.to + 1 < added.from || added.to + 1 < span.from;
  const joined = spans.filter((span) => !apart(span));
  const whole = joined.reduce(
    (sum, span) => ({ from: Math.min(sum.from, span.from), to: Math.max(sum.to, span.to) }),
    added,
  );
  return [...spans.filter(apart), whole].sort((a, b) => a.from - b.from);
}

/** The span that holds this seq. */
export function spanAt(spans: readonly Span[], seq: number): Span | null {
  return spans.find((span) => span.from <= seq && seq <= span.to) ?? null;
}

/** Whether everything from `from` to `to` is known. */
export function covers(spans: readonly Span[], from: number, to: number): boolean {
  if (from > to) return true;
  const span = spanAt(spans, from);
  return span !== null && span.to >= to;
}
