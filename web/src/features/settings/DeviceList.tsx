/** Where one is signed in, and ending that: one device, or all others. */
import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../../i18n';
import {
  type Device,
  type Devices,
  endDevice,
  endOtherDevices,
  refreshDevices,
  useDevices,
} from '../../state';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Confirm';
import { DeviceRow } from './DeviceRow';
import { useDeviceWords } from './deviceWords';

/** What has just been done is said, and the focus goes to the head of the list: its row is gone. */
export function DeviceList() {
  const { t } = useLanguage();
  const words = useDeviceWords();
  const list = useDevices();
  const heading = useRef<HTMLHeadingElement>(null);
  const [ending, setEnding] = useState<Device | 'others' | null>(null);
  const [said, setSaid] = useState<{ text: string } | null>(null);
  useEffect(() => {
    if (said) heading.current?.focus();
  }, [said]);

  const end = async (what: Device | 'others') => {
    const outcome = await (what === 'others' ? endOtherDevices() : endDevice(what.id));
    if (!outcome.ok) return outcome;
    const text =
      what === 'others'
        ? t('devices.endedOthers')
        : t('devices.ended', { name: words(what.agent) });
    setSaid({ text });
    return outcome;
  };
  const close = () => setEnding(null);

  return (
    <section className="card" aria-labelledby="devices-heading">
      <h2 id="devices-heading" className="card-heading" ref={heading} tabIndex={-1}>
        {t('devices.hint')}
      </h2>
      <Body list={list} onEnd={setEnding} />
      <p className="device-note" role="status">
        {said?.text}
      </p>
      {ending === 'others' && (
        <Confirm
          title={t('devices.endOthersSure')}
          text={t('devices.endOthersHint')}
          action={t('devices.endOthers')}
          run={() => end('others')}
          onClose={close}
        />
      )}
      {ending && ending !== 'others' && (
        <Confirm
          title={t('devices.endSure', { name: words(ending.agent) })}
          text={t('devices.endHint')}
          action={t('devices.end')}
          run={() => end(ending)}
          onClose={close}
        />
      )}
    </section>
  );
}

interface BodyProps {
  list: Devices;
  onEnd: (what: Device | 'others') => void;
}

function Body({ list, onEnd }: BodyProps) {
  const { t, problem } = useLanguage();
  if (list.phase === 'loading') return <p className="device-note">{t('chat.loading')}</p>;
  const trouble = list.problem && problem(list.problem);
  if (list.phase === 'failed') {
    return (
      <div className="device-note">
        <p role="alert">
          {t('devices.failed')} {trouble}
        </p>
        <Button look="quiet" className="device-button" onClick={() => void refreshDevices()}>
          {t('chat.tryAgain')}
        </Button>
      </div>
    );
  }
  return (
    <>
      <ul>
        {list.devices.map((device) => (
          <DeviceRow key={device.id} device={device} onEnd={() => onEnd(device)} />
        ))}
      </ul>
      {trouble && (
        <p className="device-note" role="status">
          {t('devices.stale')} {trouble}
        </p>
      )}
      {list.devices.length < 2 ? (
        <p className="device-note">{t('devices.alone')}</p>
      ) : (
        <Button look="danger" className="device-button" onClick={() => onEnd('others')}>
          {t('devices.endOthers')}
        </Button>
      )}
    </>
  );
}
