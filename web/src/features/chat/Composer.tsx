/** Where one writes. Enter sends, Shift+Enter breaks the line; typing never waits for sending. */
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import { useLanguage } from '../../i18n';
import { type ChatId, send, setTyping, useLimit } from '../../state';
import { useCountdown } from '../../ui/clock';
import { Icon } from '../../ui/Icon';
import { roomLeft } from './roomLeft';
import { useAutoHeight } from './useAutoHeight';
import { useDraftText } from './useDraftText';

interface Props {
  chatId: ChatId;
  onSent: () => void;
  /** ↑ in the empty composer. */
  onLastOwn: () => void;
  ref: Ref<HTMLTextAreaElement>;
}

/** Mount it anew for each chat. */
export function Composer({ chatId, onSent, onLastOwn, ref }: Props) {
  const { t } = useLanguage();
  const area = useRef<HTMLTextAreaElement>(null);
  const { text, change, clear } = useDraftText(chatId);
  const seconds = useCountdown(useLimit('message'));
  const left = roomLeft(text);
  const sendable = text.trim() !== '' && !(left !== null && left < 0) && !seconds;
  useImperativeHandle(ref, () => area.current as HTMLTextAreaElement);
  useAutoHeight(area, text);
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) area.current?.focus({ preventScroll: true });
  }, []);

  const submit = () => {
    if (!sendable) return;
    send(chatId, text);
    clear();
    onSent();
    area.current?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === 'ArrowUp' && text === '' && !event.altKey) {
      event.preventDefault();
      onLastOwn();
    }
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="composer-box">
        <textarea
          ref={area}
          className="composer-text scroll"
          dir="auto"
          rows={1}
          enterKeyHint="send"
          aria-label={t('composer.label')}
          placeholder={t('composer.placeholder')}
          value={text}
          onChange={(event) => {
            change(event.target.value);
            setTyping(chatId, event.target.value.trim() !== '');
          }}
          onBlur={() => setTyping(chatId, false)}
          onKeyDown={onKeyDown}
        />
        {left !== null && (
          <span className="composer-count" data-over={left < 0} role="status">
            {left < 0 ? t('composer.over', { count: -left }) : t('composer.left', { count: left })}
          </span>
        )}
      </div>
      <button
        type="submit"
        className="composer-send"
        disabled={!sendable}
        aria-label={seconds ? t('composer.wait', { count: seconds }) : t('composer.send')}
        title={seconds ? t('composer.wait', { count: seconds }) : t('composer.send')}
        onPointerDown={(event) => event.preventDefault()}
      >
        {seconds ? <span aria-hidden="true">{seconds}</span> : <Icon name="send" size={22} />}
      </button>
    </form>
  );
}
