/** `/chats/{id}` and `/chats/{id}?at={seq}`: an open chat. */
import { useEffect } from 'react';
import { Link, useSearchParams } from 'wouter';
import { usePageTitle } from '../../app/pageTitle';
import { useLanguage } from '../../i18n';
import {
  type ChatId,
  closeChat,
  openChat,
  useChat,
  useChatsReady,
  useSession,
  useTimeline,
} from '../../state';
import { BackButton } from '../../ui/BackButton';
import { EmptyState } from '../../ui/EmptyState';
import { ChatScreen } from './ChatScreen';
import './chat.css';

/** Opens the chat, and says so when there is none. */
export function ChatPage({ chatId }: { chatId: ChatId }) {
  const { t } = useLanguage();
  const chat = useChat(chatId);
  const ready = useChatsReady();
  const timeline = useTimeline(chatId);
  const me = useSession().account?.id ?? '';
  const [search] = useSearchParams();
  const at = Number.parseInt(search.get('at') ?? '', 10);
  const known = chat !== null;
  usePageTitle(chat?.name ?? '');

  useEffect(() => {
    if (!known) return;
    void openChat(chatId, at > 0 ? at : undefined);
    return () => closeChat(chatId);
  }, [chatId, known, at]);

  if (chat) return <ChatScreen chat={chat} timeline={timeline} me={me} />;
  return (
    <div className="page">
      <header className="page-head">
        <BackButton />
      </header>
      {ready && (
        <EmptyState icon="chats" title={t('chat.missing')}>
          <Link className="button button-primary" href="/chats">
            {t('app.toChats')}
          </Link>
        </EmptyState>
      )}
    </div>
  );
}
