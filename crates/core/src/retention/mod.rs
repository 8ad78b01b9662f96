//! Retention: a chat's oldest messages go, by age or by number.
//!
//! What goes is always the beginning of a chat. So one event of its log tells of many messages
//! ([`EventKind::Expired`](crate::message::EventKind)), a few hundred at a time, and in the
//! transaction of that event the rows of these messages are emptied: places of the log stay, texts
//! do not. The chat's row says up to where ([`Chat::expired_seq`](crate::chat::Chat)), which bounds
//! every reading of its past.
//!
//! `policy` decides (pure), the verbs of [`store`] do it under the chat's lock, the [`sweeper`] goes
//! from chat to chat, in one process at a time, and `manage` is what a group's admins say.

pub(crate) mod grown;
pub mod manage;
mod meters;
pub mod policy;
pub mod store;
pub mod sweeper;
