/** A device in a few words. */
import { useCallback } from 'react';
import { useLanguage } from '../../i18n';
import { nameOf } from './deviceName';

/** `Firefox on Linux`, as much of it as is known, or that it is unknown. */
export function useDeviceWords(): (agent: string) => string {
  const { t } = useLanguage();
  return useCallback(
    (agent) => {
      const { browser, system } = nameOf(agent);
      if (browser && system) return t('devices.named', { browser, system });
      return browser ?? system ?? t('devices.unknown');
    },
    [t],
  );
}
