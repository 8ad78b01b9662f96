/** What went wrong and has no place on the screen. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Problem, Toast } from './model';

/** Most toasts at a time; the oldest goes first. */
const MOST = 3;

const toasts = createStore<{ all: Toast[]; next: number }>(() => ({ all: [], next: 1 }));

export function useToasts(): Toast[] {
  return useStore(toasts, (state) => state.all);
}

export function showToast(problem: Problem): void {
  toasts.setState(({ all, next }) => ({
    all: [...all, { id: next, problem }].slice(-MOST),
    next: next + 1,
  }));
}

export function dismissToast(id: number): void {
  toasts.setState(({ all }) => ({ all: all.filter((toast) => toast.id !== id) }));
}
