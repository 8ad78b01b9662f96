/** Which dialog of the whole client is open. */
import { create } from 'zustand';

/** Opened from several places, shown once. */
export type Overlay = 'switcher' | 'shortcuts' | 'new-group';

interface OverlayState {
  open: Overlay | null;
  show: (overlay: Overlay) => void;
  hide: () => void;
}

/** One at a time. */
export const useOverlay = create<OverlayState>((set) => ({
  open: null,
  show: (open) => set({ open }),
  hide: () => set({ open: null }),
}));
