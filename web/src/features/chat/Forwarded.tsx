/** Whom a forwarded message is from; a press goes to the original. */
import { useLocation } from 'wouter';
import { useLanguage } from '../../i18n';
import { findOriginal, type Message, type MessageId, showToast, usePerson } from '../../state';
import { Icon } from '../../ui/Icon';
import { useScreen } from './screen';

/** Says so if the original is in no chat of the reader's. */
export function Forwarded({ message, from }: { message: Message; from: MessageId }) {
  const { t } = useLanguage();
  const { chatId, jump } = useScreen();
  const [, navigate] = useLocation();
  const person = usePerson(message.originalSenderId ?? '');
  const words = person.isSelf
    ? t('message.forwardedOwn')
    : t('message.forwarded', { name: person.name || t('chats.unknown') });

  const go = async () => {
    const found = await findOriginal(from);
    if (!found.ok) showToast(found.problem);
    else if (found.value.chatId === chatId) jump(found.value.seq);
    else navigate(`/chats/${found.value.chatId}?at=${found.value.seq}`);
  };
  return (
    <button
      type="button"
      className="bubble-forwarded"
      title={t('message.toOriginal')}
      onClick={() => void go()}
    >
      <Icon name="forward" size={14} />
      <bdi className="truncate">{words}</bdi>
    </button>
  );
}
