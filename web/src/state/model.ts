/**
 * What the screens may see and do: every type of the client's state in one place.
 *
 * The screens import hooks and actions from `state/index.ts`, which implement [`Hooks`] and
 * [`Actions`]. Nothing in here holds text for people: what went wrong is a [`Problem`], a code with
 * parameters, which the language files turn into a sentence.
 */
import type { Account } from '../protocol/Account';
import type { Analytics } from '../protocol/Analytics';
import type { ChatId } from '../protocol/ChatId';
import type { ChatKind } from '../protocol/ChatKind';
import type { DayCounts } from '../protocol/DayCounts';
import type { Member } from '../protocol/Member';
import type { Message } from '../protocol/Message';
import type { MessageId } from '../protocol/MessageId';
import type { Person } from '../protocol/Person';
import type { Role } from '../protocol/Role';
import type { SessionId } from '../protocol/SessionId';
import type { Timestamp } from '../protocol/Timestamp';
import type { UserId } from '../protocol/UserId';
import type { LimitKind } from '../realtime/held';
import type { LineState as Connection } from '../realtime/line';
import type { Pending } from '../realtime/outbox/pending';
import type { Outcome, Problem, ProblemCode } from '../realtime/problem';
import type { Delivery, DeliveryState } from '../realtime/replica/derive';

export type {
  Account,
  ChatId,
  ChatKind,
  Connection,
  DayCounts,
  Delivery,
  DeliveryState,
  LimitKind,
  Member,
  Message,
  MessageId,
  Outcome,
  Pending,
  Person,
  Problem,
  ProblemCode,
  Role,
  SessionId,
  Timestamp,
  UserId,
};

/* ---------------------------------------------------------------- outcomes */

/** Something that went wrong and has no place on the screen. */
export interface Toast {
  id: number;
  problem: Problem;
}

/* ----------------------------------------------------------------- session */

/** Why nobody is signed in any more. */
export type SignedOutReason =
  | 'signed-out'
  | 'expired'
  | 'ended'
  | 'revoked'
  | 'password-changed'
  | 'replaced'
  | 'token-reused'
  | 'operator';

/** Who is signed in. A stored session is known synchronously, so there is no third state. */
export type Session =
  | { account: Account; reason: null }
  | { account: null; reason: SignedOutReason | null };

/* ----------------------------------------------------------------- devices */

/** A place where the account is signed in. */
export interface Device {
  id: SessionId;
  /** Whether it is this one. */
  isCurrent: boolean;
  /** Whether it is in use right now. */
  isActive: boolean;
  /** The user agent it signed in with, as it came; may be empty. */
  agent: string;
  address: string;
  signedInAt: Timestamp;
  /** How long ago it was last used, by the clock of the server (ms). */
  idle: number;
}

/** All of them, this one first. */
export interface Devices {
  /** `loading`: nothing to show yet; `failed`: see `problem`. */
  phase: 'loading' | 'ready' | 'failed';
  devices: Device[];
  problem: Problem | null;
}

/* ------------------------------------------------------------------- chats */

/** One line of the list of chats, and the head of an open chat. */
export interface Chat {
  id: ChatId;
  kind: ChatKind;
  /** The group's title, or the other's name; empty while that is unknown. */
  name: string;
  /** The other one of a private chat. */
  peerId: UserId | null;
  /** Current members, oneself included. */
  members: Member[];
  /** One's own role. */
  role: Role;
  createdAt: Timestamp;
  createdBy: UserId;
  lastMessage: Message | null;
  /** One's own newest unconfirmed message, if it is newer than `lastMessage`. */
  lastPending: Pending | null;
  /** When something was last said (ms since the epoch); the list is sorted by it. */
  lastActivity: number;
  unread: number;
  /** What stands in its composer; empty if nothing does. */
  draft: string;
  /** Who types, without oneself. */
  typing: UserId[];
}

/* ---------------------------------------------------------------- timeline */

/** One row of the message list. `key` stays the same when a pending message becomes stored. */
export type TimelineItem =
  | { kind: 'message'; key: string; message: Message }
  | { kind: 'pending'; key: string; pending: Pending };

/**
 * The loaded part of a chat: stored messages ascending by seq, then (only when the end is loaded,
 * `hasNewer === false`) what is still unsent. Objects are shared between versions: an unchanged row
 * is the same object.
 */
export interface Timeline {
  items: TimelineItem[];
  /** `idle`: never opened; `loading`: nothing to show yet; `ready`; `failed`: see `problem`. */
  phase: 'idle' | 'loading' | 'ready' | 'failed';
  problem: Problem | null;
  hasOlder: boolean;
  hasNewer: boolean;
  loadingOlder: boolean;
  loadingNewer: boolean;
  /** Where the "New" line goes (before the first item with this seq or more); fixed at opening. */
  firstUnreadSeq: number | null;
  /** How many messages of others lie after one's read cursor now. */
  unread: number;
  /** Grows by one whenever the loaded part was replaced as a whole; `target` says where to look. */
  generation: number;
  /** What to bring into view after a replacement. */
  target: 'end' | 'first-unread' | { seq: number };
}

/* ------------------------------------------------------------------ people */

/** A person with presence. */
export interface PersonView {
  id: UserId;
  name: string;
  email: string | null;
  isOnline: boolean;
  /** When that last changed (ms since the epoch), if it is known. */
  lastSeen: number | null;
  isSelf: boolean;
}

/** People found by a prefix. */
export interface PeopleSearch {
  people: PersonView[];
  loading: boolean;
  problem: Problem | null;
}

/* --------------------------------------------------------------- analytics */

/** Successive days of UTC, both ends among them, as `2026-01-31`. */
export interface DayRange {
  from: string;
  to: string;
}

/** What was counted. */
export interface Counts {
  /** `loading`: nothing to show yet; `hidden`: one may not see it; `failed`: see `problem`. */
  phase: 'loading' | 'ready' | 'hidden' | 'failed';
  /** What is shown: of the range that was asked for last, or the one before if there is a problem. */
  analytics: Analytics | null;
  problem: Problem | null;
}

/* ------------------------------------------------------ limits and settings */

/** What the user chose; kept in this browser. */
export interface Settings {
  theme: 'system' | 'light' | 'dark';
  language: 'system' | 'en' | 'ru';
  /** Whether to notify when hidden. Turned on by `enableNotifications` only. */
  notifications: boolean;
}

/* --------------------------------------------------------- hooks and actions */

/** Everything a component may read. */
export interface Hooks {
  useSession(): Session;
  useConnection(): Connection;
  /** All chats, the most recently active first. */
  useChats(): Chat[];
  /** Whether the list of chats is known (from the cache or the server). */
  useChatsReady(): boolean;
  useChat(chatId: ChatId): Chat | null;
  useTimeline(chatId: ChatId): Timeline;
  /** How far one's own message of this seq has come; changes only when that changes. */
  useDeliveryState(chatId: ChatId, seq: number): DeliveryState;
  useDelivery(chatId: ChatId, seq: number): Delivery;
  /** Newest pin first. */
  usePinned(chatId: ChatId): Message[];
  /** Who types, without oneself. */
  useTyping(chatId: ChatId): UserId[];
  useDraft(chatId: ChatId): string;
  /** Until when (ms since the epoch) this is refused; `null` if it is not. */
  useLimit(kind: LimitKind): number | null;
  /** Everybody known, by name, without oneself. */
  usePeople(): PersonView[];
  /** Someone; a placeholder with an empty name while unknown. */
  usePerson(userId: UserId): PersonView;
  /** People whose name or address starts with `prefix` (asked of the server, 200 ms after typing). */
  usePeopleSearch(prefix: string): PeopleSearch;
  /** Unread messages of all chats, for the title. */
  useUnreadTotal(): number;
  /** Where the account is signed in; asked anew now, on coming back to the page, and every minute. */
  useDevices(): Devices;
  /** What was counted on these days. */
  useAnalytics(range: DayRange): Counts;
  useSettings(): Settings;
  useToasts(): Toast[];
}

/** Everything a component may do. Nothing throws. */
export interface Actions {
  /** Call once, before the first render: restores the session and connects. */
  start(): void;
  /** Where a clicked notification leads. */
  onOpenChat(open: (chatId: ChatId) => void): void;

  signUp(form: { name: string; email: string; password: string }): Promise<Outcome>;
  signIn(form: { email: string; password: string }): Promise<Outcome>;
  /** Ends the session on the server and in all tabs, and forgets everything stored. */
  signOut(): Promise<void>;
  reconnectNow(): void;

  /** Loads the chat (at `at`, else at the first unread, else at the end) and fixes the "New" line. */
  openChat(chatId: ChatId, at?: number): Promise<void>;
  closeChat(chatId: ChatId): void;
  loadOlder(chatId: ChatId): Promise<void>;
  loadNewer(chatId: ChatId): Promise<void>;
  /** Replaces the loaded part by a page around `seq`, unless it is loaded already. */
  loadAround(chatId: ChatId, seq: number): Promise<void>;
  /** Replaces the loaded part by the newest page, unless it is loaded already. */
  jumpToLatest(chatId: ChatId): Promise<void>;

  /** Never waits: the message is pending at once. Blank text is ignored. Clears the draft. */
  send(chatId: ChatId, content: string): void;
  retry(chatId: ChatId, clientId: string): void;
  discard(chatId: ChatId, clientId: string): void;
  /** Everything up to `seq` has been seen. Cheap: call it from scrolling. */
  markRead(chatId: ChatId, seq: number): void;
  /** Call on every keystroke; throttled; ends by itself. */
  setTyping(chatId: ChatId, isTyping: boolean): void;
  setDraft(chatId: ChatId, text: string): void;

  pin(messageId: MessageId): Promise<Outcome>;
  unpin(messageId: MessageId): Promise<Outcome>;
  /** Forwards in the given order; the comment goes with the first. */
  forward(messageIds: MessageId[], toChatId: ChatId, comment?: string): Promise<Outcome>;
  /** Where the original of a forwarded message stands; `original-hidden` if in no chat of one's own. */
  findOriginal(id: MessageId): Promise<Outcome<Pick<Message, 'chatId' | 'seq'>>>;

  openPrivate(userId: UserId): Promise<Outcome<ChatId>>;
  createGroup(title: string, participants: UserId[]): Promise<Outcome<ChatId>>;
  renameGroup(chatId: ChatId, title: string): Promise<Outcome>;
  addMember(chatId: ChatId, userId: UserId): Promise<Outcome>;
  removeMember(chatId: ChatId, userId: UserId): Promise<Outcome>;
  leaveChat(chatId: ChatId): Promise<Outcome>;
  setRole(chatId: ChatId, userId: UserId, role: Role): Promise<Outcome>;

  /** Asks the server again where the account is signed in. */
  refreshDevices(): Promise<void>;
  /** Signs another device out. */
  endDevice(id: SessionId): Promise<Outcome>;
  /** Signs all devices out but this one. */
  endOtherDevices(): Promise<Outcome>;
  /** Changes the password, and signs all other devices out. */
  changePassword(form: { currentPassword: string; newPassword: string }): Promise<Outcome>;

  /** Asks the server again what was counted. */
  refreshAnalytics(range: DayRange): Promise<void>;
  /** What was counted, as CSV. */
  analyticsFile(range: DayRange): Promise<Outcome<string>>;

  /** Asks the server for everybody again. */
  refreshPeople(): Promise<Outcome>;
  changeSettings(change: Partial<Settings>): void;
  /** Asks the browser; `false` if it says no. Call from a click. */
  enableNotifications(): Promise<boolean>;
  dismissToast(id: number): void;
  showToast(problem: Problem): void;
}

/** Longest text, in bytes of UTF-8. */
export const TEXT_MAX_BYTES = 16_384;
/** Longest title of a group, in characters. */
export const TITLE_MAX = 100;
/** Fewest characters of a new password (the server may want more). */
export const PASSWORD_MIN = 8;
