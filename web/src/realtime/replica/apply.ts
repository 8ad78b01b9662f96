/** One event of the server's, applied to the replica. */
import type { ChatId } from '../../protocol/ChatId';
import type { ServerEvent } from '../../protocol/ServerEvent';
import { applyCreated } from './adopt';
import { moveCursor, type Reach } from './cursors';
import { applyLogged } from './log';
import { type ChatReplica, type LoggedEvent, type Replica, withChat, withoutChat } from './model';
import { withPresence } from './people';

/** The replica after an event. Events that are not about data leave it as it is. */
export function applyEvent(replica: Replica, event: ServerEvent): Replica {
  switch (event.event) {
    case 'message':
    case 'message:pinned':
    case 'message:unpinned':
    case 'messages:expired':
    case 'chat:updated':
    case 'retention:changed':
    case 'member:added':
    case 'member:removed':
    case 'member:left':
    case 'member:changed':
      return applyToLog(replica, event);
    case 'chat:cursor': {
      const { chatId, userId, deliveredSeq, readSeq } = event.data;
      return applyReach(replica, chatId, { userId, delivered: deliveredSeq, read: readSeq });
    }
    case 'chat:created':
      return applyCreated(replica, event.data.chat);
    case 'chat:removed':
      return withoutChat(replica, event.data.chatId);
    case 'users:update':
      return withPresence(replica, event.data.userId, event.data.isOnline, null);
    case 'user:status': {
      const { userId, isOnline, lastSeen } = event.data;
      return withPresence(replica, userId, isOnline, Date.parse(lastSeen));
    }
    default:
      return replica;
  }
}

/** The replica after a cursor moved. */
export function applyReach(replica: Replica, id: ChatId, reach: Reach): Replica {
  return changed(replica, id, (chat) => moveCursor(chat, replica.me, reach));
}

function applyToLog(replica: Replica, event: LoggedEvent): Replica {
  return changed(replica, event.data.chatId, (chat) => applyLogged(chat, replica.me, event));
}

function changed(
  replica: Replica,
  id: ChatId,
  change: (chat: ChatReplica) => ChatReplica | null,
): Replica {
  const chat = replica.chats[id];
  if (!chat) return replica;
  const next = change(chat);
  return next ? withChat(replica, next) : withoutChat(replica, id);
}
