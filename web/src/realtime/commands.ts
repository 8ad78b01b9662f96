/** The commands of the wire contract, typed, as outcomes instead of acks. */
import type { ChatCreate } from '../protocol/ChatCreate';
import type { ChatCreateAck } from '../protocol/ChatCreateAck';
import type { ChatGet } from '../protocol/ChatGet';
import type { ChatGetAck } from '../protocol/ChatGetAck';
import type { ChatId } from '../protocol/ChatId';
import type { ChatRef } from '../protocol/ChatRef';
import type { ChatUpdate } from '../protocol/ChatUpdate';
import type { MemberRef } from '../protocol/MemberRef';
import type { MemberRole } from '../protocol/MemberRole';
import type { Message } from '../protocol/Message';
import type { MessageAck } from '../protocol/MessageAck';
import type { MessageForward } from '../protocol/MessageForward';
import type { MessageForwardMultiple } from '../protocol/MessageForwardMultiple';
import type { MessageRef } from '../protocol/MessageRef';
import type { MessageSend } from '../protocol/MessageSend';
import type { MessagesAck } from '../protocol/MessagesAck';
import type { OkAck } from '../protocol/OkAck';
import type { Sync } from '../protocol/Sync';
import type { SyncAck } from '../protocol/SyncAck';
import type { Typing } from '../protocol/Typing';
import type { UsersList } from '../protocol/UsersList';
import type { UsersListAck } from '../protocol/UsersListAck';
import type { LimitKind } from './held';
import { done, failed, type Outcome, problemOf, type Refused } from './problem';

/** What each command takes and answers. */
export interface Commands {
  sync: [Sync, SyncAck];
  message: [MessageSend, Message];
  'message:read': [{ chatId: ChatId; seq: number }, OkAck];
  'message:delivered': [{ chatId: ChatId; seq: number }, OkAck];
  'message:pin': [MessageRef, MessageAck];
  'message:unpin': [MessageRef, MessageAck];
  'message:forward': [MessageForward, MessageAck];
  'message:forward-multiple': [MessageForwardMultiple, MessagesAck];
  'chat:get': [ChatGet, ChatGetAck];
  'chat:get-pinned': [ChatRef, MessagesAck];
  'chat:create': [ChatCreate, ChatCreateAck];
  'chat:update': [ChatUpdate, OkAck];
  'member:add': [MemberRef, OkAck];
  'member:remove': [MemberRef, OkAck];
  'member:leave': [ChatRef, OkAck];
  'member:role': [MemberRole, OkAck];
  'users:list': [UsersList, UsersListAck];
  'user:typing': [Typing, OkAck];
}

/** The name of a command. */
export type CommandName = keyof Commands;

/** What a command can be asked of. */
export interface Asks {
  readonly isOpen: boolean;
  ask(event: string, payload: unknown, patience?: number): Promise<unknown>;
}

/** Called when the server says that something is done too often. */
export type OnLimited = (kind: LimitKind, retryAfterMs: number) => void;

const LIMITED_AS: Partial<Record<CommandName, LimitKind>> = {
  message: 'message',
  'message:pin': 'pin',
  'message:unpin': 'pin',
  'message:forward': 'forward',
  'message:forward-multiple': 'forward',
};

/** Asks for a command. Never throws: a broken line, silence and refusals are outcomes. */
export class Caller {
  readonly #line: Asks;
  readonly #onLimited: OnLimited;

  constructor(line: Asks, onLimited: OnLimited) {
    this.#line = line;
    this.#onLimited = onLimited;
  }

  async call<C extends CommandName>(
    command: C,
    payload: Commands[C][0],
  ): Promise<Outcome<Commands[C][1]>> {
    if (!this.#line.isOpen) return failed({ code: 'offline' });
    let ack: unknown;
    try {
      ack = await this.#line.ask(command, payload);
    } catch {
      return failed({ code: this.#line.isOpen ? 'timeout' : 'offline' });
    }
    const refused = refusalIn(ack);
    if (!refused) return done(ack as Commands[C][1]);
    if (refused.code === 'RATE_LIMITED') {
      this.#onLimited(LIMITED_AS[command] ?? 'event', refused.retryAfterMs ?? 1000);
    }
    return failed(problemOf(refused));
  }
}

/** `chat:get` refuses with `null`, everything else with `{status: "error"}`. */
function refusalIn(ack: unknown): Refused | null {
  if (ack === null || ack === undefined) return {};
  const { status } = ack as { status?: unknown };
  return status === 'error' ? (ack as Refused) : null;
}
