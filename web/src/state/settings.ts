/** What the user chose; kept in this browser. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Settings } from './model';
import { readStored, watchStored, writeStored } from './stored';

const STORED = 'zvon.settings';
const DEFAULTS: Settings = { theme: 'system', language: 'system', notifications: false };

const read = (): Settings => ({ ...DEFAULTS, ...readStored<Partial<Settings>>(STORED) });

/** The settings. */
export const settings = createStore<Settings>(read);

watchStored(STORED, () => settings.setState(read(), true));

export function useSettings(): Settings {
  return useStore(settings);
}

export function changeSettings(change: Partial<Settings>): void {
  settings.setState(change);
  writeStored(STORED, settings.getState());
}

export async function enableNotifications(): Promise<boolean> {
  if (!('Notification' in globalThis)) return false;
  const isGranted = (await Notification.requestPermission()) === 'granted';
  changeSettings({ notifications: isGranted });
  return isGranted;
}
