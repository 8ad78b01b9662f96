import { expect, it } from 'vitest';
import { faultOf, lastDays, read, today } from './range';

it('counts days by UTC, whatever the month is long', () => {
  expect(today(Date.UTC(2026, 0, 31, 23, 59))).toBe('2026-01-31');
  expect(lastDays(1, '2024-03-01')).toEqual({ from: '2024-03-01', to: '2024-03-01' });
  expect(lastDays(2, '2024-03-01').from).toBe('2024-02-29');
  expect(lastDays(30, '2026-01-01').from).toBe('2025-12-03');
});

it('knows which ranges the server would refuse', () => {
  const fault = (from: string, to: string) => faultOf({ from, to });
  expect(fault('2026-01-01', '2026-01-01')).toBeNull();
  expect(fault('2024-01-01', '2024-12-31')).toBeNull();
  expect(fault('2024-01-01', '2025-01-01')).toBe('too-long');
  expect(fault('2026-01-02', '2026-01-01')).toBe('backwards');
  for (const wrong of ['', '2026-02-30', '2026-1-1', 'yesterday', '+02026-01-01']) {
    expect(fault(wrong, '2026-03-01'), wrong).toBe('incomplete');
    expect(fault('2026-01-01', wrong), wrong).toBe('incomplete');
  }
});

it('reads an address, and takes what means nothing for thirty days', () => {
  const choice = (query: string) => read(new URLSearchParams(query), '2026-03-31');
  const usual = { choice: 30, range: { from: '2026-03-02', to: '2026-03-31' } };
  const own = { from: '2026-01-01', to: '2026-01-31' };
  expect(choice('days=7').range.from).toBe('2026-03-25');
  expect(choice('days=90').choice).toBe(90);
  expect(choice('from=2026-01-01&to=2026-01-31')).toEqual({ choice: 'own', range: own });
  for (const query of ['', 'days=8', 'from=2026-01-01', 'from=2026-02-01&to=2026-01-01']) {
    expect(choice(query), query).toEqual(usual);
  }
});
