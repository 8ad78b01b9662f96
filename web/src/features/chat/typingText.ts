/** Who types, in words. */
import { useLanguage } from '../../i18n';
import type { Chat, UserId } from '../../state';

/** Empty while nobody does. */
export function useTypingText(chat: Chat, typing: UserId[]): string {
  const { t } = useLanguage();
  if (typing.length === 0) return '';
  if (chat.kind === 'private') return t('typing.private');
  const [first = '', second = ''] = typing.map(
    (id) => chat.members.find((member) => member.userId === id)?.name ?? t('chats.unknown'),
  );
  if (typing.length === 1) return t('typing.one', { name: first });
  if (typing.length === 2) return t('typing.two', { first, second });
  return t('typing.many', { count: typing.length });
}
