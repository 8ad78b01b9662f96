/** The state's one door: hooks and actions for the screens. The types are in `model.ts`. */
export { analyticsFile, refreshAnalytics, useAnalytics } from './analytics';
export { useChat, useChats, useChatsReady, useUnreadTotal } from './chats';
export { reconnectNow, useConnection, useLimit } from './connection';
export { useSession } from './current';
export {
  changePassword,
  endDevice,
  endOtherDevices,
  refreshDevices,
  useDevices,
} from './devices';
export { draftsOwner, setDraft, useDraft } from './drafts';
export * from './groups';
export {
  discard,
  findOriginal,
  forward,
  markRead,
  pin,
  retry,
  send,
  setTyping,
  unpin,
} from './messages';
export * from './model';
export { onOpenChat } from './notifications';
export { refreshPeople, usePeople, usePeopleSearch, usePerson } from './people';
export { signIn, signOut, signUp, start } from './session';
export { changeSettings, enableNotifications, useSettings } from './settings';
export { useDelivery, useDeliveryState, usePinned, useTimeline, useTyping } from './timeline';
export { dismissToast, showToast, useToasts } from './toasts';
export { closeChat, jumpToLatest, loadAround, loadNewer, loadOlder, openChat } from './views';
