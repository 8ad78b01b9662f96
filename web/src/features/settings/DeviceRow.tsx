/** One device: what it is, where it is, when it was used, and signing it out. */
import { useLanguage } from '../../i18n';
import type { Device } from '../../state';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { nameOf } from './deviceName';
import { useDeviceWords } from './deviceWords';

interface Props {
  device: Device;
  onEnd: () => void;
}

/** This device cannot be signed out here: that is what signing out is for. */
export function DeviceRow({ device, onEnd }: Props) {
  const { t, ago, moment } = useLanguage();
  const words = useDeviceWords();
  const name = words(device.agent);
  const used = device.isActive
    ? t('devices.active')
    : t('devices.seen', { when: ago(device.idle) });
  return (
    <li className="device">
      <span className="device-art">
        <Icon name={nameOf(device.agent).isHandheld ? 'phone' : 'screen'} />
      </span>
      <div className="person-text">
        <span className="person-name" title={device.agent || undefined}>
          {name}
        </span>
        {device.isCurrent && <strong className="device-here">{t('devices.here')}</strong>}
        <span className="person-detail">
          {used} · <bdi>{device.address}</bdi>
        </span>
        <span className="person-detail">
          {t('devices.since', { when: moment(new Date(device.signedInAt)) })}
        </span>
      </div>
      {!device.isCurrent && (
        <Button
          look="danger"
          className="device-button"
          aria-label={t('devices.endOne', { name })}
          onClick={onEnd}
        >
          {t('devices.end')}
        </Button>
      )}
    </li>
  );
}
