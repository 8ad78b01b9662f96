//! The commands: name, payload, ack, failure ack.
//!
//! This is the one list of them. The gateway's dispatch matches [`CommandName`], so a command that
//! is not here cannot be called and one that is here cannot be forgotten there; the documents and
//! the authorisation matrix are made from it.

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::command::{
    ChatCreate, ChatCreateAck, ChatGet, ChatGetAck, ChatJoinAck, ChatLeaveAck, ChatLeaveRefused,
    ChatRef, ChatRetention, ChatUpdate, CursorMove, MemberRef, MemberRole, MessageAck,
    MessageForward, MessageForwardMultiple, MessageRef, MessageSend, MessageStatusReport,
    MessagesAck, OkAck, OnlineAck, PresenceAck, PresenceGet, Typing, UsersList, UsersListAck,
    UsersListRefused,
};
use crate::error::Refusal;
use crate::message::Message;
use crate::sync::{Sync, SyncAck};

macro_rules! commands {
    ($(#[doc = $doc:literal] $name:literal $variant:ident($payload:ty) -> $ack:ty, $refusal:ty;)+) => {
        /// A client → server event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CommandName {
            $(#[doc = $doc] $variant,)+
        }

        impl CommandName {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The Socket.IO event name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The command of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// What it does.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii(),)+ }
            }

            /// What is sent.
            pub fn payload(self, schemas: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$variant => schemas.subschema_for::<$payload>(),)+ }
            }

            /// What is answered when it happened.
            pub fn ack(self, schemas: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$variant => schemas.subschema_for::<$ack>(),)+ }
            }

            /// What is answered when it did not.
            pub fn refusal(self, schemas: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$variant => schemas.subschema_for::<$refusal>(),)+ }
            }
        }
    };
}

commands! {
    /// Sends a text.
    "message" Message(MessageSend) -> Message, Refusal;
    /// Reports how far a message has come; what the existing front end says of each foreign one.
    "message:status" MessageStatus(MessageStatusReport) -> OkAck, Refusal;
    /// Everything up to there has reached the caller.
    "message:delivered" MessageDelivered(CursorMove) -> OkAck, Refusal;
    /// The caller has read everything up to there.
    "message:read" MessageRead(CursorMove) -> OkAck, Refusal;
    /// Pins a message in its chat.
    "message:pin" MessagePin(MessageRef) -> MessageAck, Refusal;
    /// Unpins it.
    "message:unpin" MessageUnpin(MessageRef) -> MessageAck, Refusal;
    /// Forwards a message into a chat.
    "message:forward" MessageForward(MessageForward) -> MessageAck, Refusal;
    /// Forwards several; those that cannot be are left out.
    "message:forward-multiple" MessageForwardMultiple(MessageForwardMultiple) -> MessagesAck, Refusal;
    /// Opens the private chat with someone, made if need be. `null` if that cannot be.
    "chat:get" ChatGet(ChatGet) -> ChatGetAck, Option<Refusal>;
    /// From here on the socket hears the chat.
    "chat:join" ChatJoin(ChatRef) -> ChatJoinAck, Refusal;
    /// Closes the view; the membership stays.
    "chat:leave" ChatLeave(ChatRef) -> ChatLeaveAck, ChatLeaveRefused;
    /// The pinned messages, the newest pin first.
    "chat:get-pinned" ChatGetPinned(ChatRef) -> MessagesAck, Refusal;
    /// Makes a group; the caller is its admin.
    "chat:create" ChatCreate(ChatCreate) -> ChatCreateAck, Refusal;
    /// An admin renames a group.
    "chat:update" ChatUpdate(ChatUpdate) -> OkAck, Refusal;
    /// An admin says how long a group keeps its messages.
    "chat:retention" ChatRetention(ChatRetention) -> OkAck, Refusal;
    /// An admin adds someone to a group.
    "member:add" MemberAdd(MemberRef) -> OkAck, Refusal;
    /// An admin removes someone from a group.
    "member:remove" MemberRemove(MemberRef) -> OkAck, Refusal;
    /// Ends the caller's membership of a group.
    "member:leave" MemberLeave(ChatRef) -> OkAck, Refusal;
    /// An admin changes someone's role.
    "member:role" MemberRole(MemberRole) -> OkAck, Refusal;
    /// The people, with presence.
    "users:list" UsersList(UsersList) -> UsersListAck, UsersListRefused;
    /// Tells the others of a chat that the caller types, or stopped.
    "user:typing" UserTyping(Typing) -> OkAck, Refusal;
    /// Who is online. The payload is ignored.
    "user:get-online" UserGetOnline(Value) -> OnlineAck, Refusal;
    /// One person's presence.
    "user:get-presence" UserGetPresence(PresenceGet) -> PresenceAck, Refusal;
    /// The state of all chats of the caller and what was missed; from here on they are followed.
    "sync" Sync(Sync) -> SyncAck, Refusal;
}

#[cfg(test)]
mod tests {
    use super::CommandName;

    #[test]
    fn a_command_is_found_by_its_name_and_by_no_other() {
        for command in CommandName::ALL {
            assert_eq!(CommandName::parse(command.name()), Some(*command));
            assert!(!command.about().is_empty());
        }
        assert_eq!(CommandName::parse("message:"), None);
        assert_eq!(CommandName::parse("disconnect"), None);
    }
}
