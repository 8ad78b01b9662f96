/** The middle of a chat in every phase: loading, failed, empty, or full of messages. */
import type { Ref } from 'react';
import { useLanguage } from '../../i18n';
import { type Chat, openChat, type Timeline, type UserId } from '../../state';
import { Button } from '../../ui/Button';
import { EmptyState } from '../../ui/EmptyState';
import { type ListControl, MessageList } from './MessageList';

interface Props {
  chat: Chat;
  me: UserId;
  timeline: Timeline;
  selection: ReadonlySet<string> | null;
  ref: Ref<ListControl>;
}

/** With so many messages at hand, nobody has to wait for more. */
const ENOUGH = 30;

/** Keeps its room in all of them. */
export function Log({ chat, me, timeline, selection, ref }: Props) {
  const language = useLanguage();
  const { t } = language;

  if (isShowable(timeline)) {
    return (
      <MessageList
        key={timeline.generation}
        chatId={chat.id}
        name={chat.name}
        timeline={timeline}
        me={me}
        selection={selection}
        ref={ref}
      />
    );
  }
  if (timeline.phase === 'failed') {
    const reason = timeline.problem ? language.problem(timeline.problem) : undefined;
    return (
      <div className="log-box">
        <EmptyState icon="alert" title={t('chat.loadFailed')} text={reason}>
          <Button look="quiet" onClick={() => void openChat(chat.id)}>
            {t('chat.tryAgain')}
          </Button>
        </EmptyState>
      </div>
    );
  }
  const text = chat.kind === 'group' ? 'chat.firstGroup' : 'chat.firstHint';
  return (
    <div className="log-box">
      {timeline.phase === 'ready' ? (
        <EmptyState icon="chats" title={t('chat.first')} text={t(text, { name: chat.name })} />
      ) : (
        <div className="log-wait" role="status">
          <span className="spinner" aria-hidden="true" />
          <span className="sr-only">{t('chat.loading')}</span>
        </div>
      )}
    </div>
  );
}

/** While a page is still being loaded, a few messages are not yet a place to open at. */
function isShowable({ phase, items, hasOlder, hasNewer }: Timeline): boolean {
  if (phase !== 'loading') return items.length > 0;
  return items.length >= ENOUGH || (items.length > 0 && !hasOlder && !hasNewer);
}
