//! How a chat stands: its members with their cursors, how far its log is, which pins it has; all of
//! one moment, in one reading of the store.
//!
//! That is what changes of a chat, and it is small; what does not change, its messages, is cached
//! (`message::shelf`). So opening a chat costs this reading and nothing else, and is as true as it
//! ever was: the newest page and its statuses are those of the store.
//!
//! The pins and older pages are asked for right after the newest. For them a node keeps standings:
//! a second for the list of pins, five ([`RIGHTS`]) for older pages. So long may a pin be missing
//! there, or somebody read old pages who was put out, if nobody tells. This node's own changes tell
//! at once, other nodes' over the bus ([`News::Turned`]) and by the outbox (a second). Each names
//! its place in the log, and a standing that does not reach it is not kept, whenever it was read.
//! Statuses are not taken from a kept standing unless all are READ, which is final: cursors only
//! grow, and who becomes a member later has nothing to read before that.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zvon_protocol::ids::{ChatId, UserId};

use super::Member;
use crate::App;
use crate::cache::Kind;
use crate::cache::life::RIGHTS;
use crate::caller::Caller;
use crate::delivery::bus::News;
use crate::error::{Error, Result};
use crate::message::{EventKind, LogEvent};

/// How old a standing may be for the list of pins.
const LATELY: Duration = Duration::from_secs(1);
/// Which pins a chat has. Two readings of one chat with the same stamp have the same pins: every
/// pin's event has a greater seq than all before, so pins up to the newest only become fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// How many.
    pub count: u64,
    /// The seq of the event that made the newest of them.
    pub newest: u64,
}

/// How a chat stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest seq of its log.
    pub head: u64,
    /// Up to here messages have expired; 0: nowhere.
    pub expired: u64,
    /// Its pins.
    pub pins: Pins,
    /// Its members, by age of membership.
    pub members: Vec<Member>,
}

impl Standing {
    /// The membership of one user.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }
}

/// How new a standing has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Of the store, now.
    Now,
    /// Of the last second.
    Lately,
    /// Of the last five, of a log that had come to this place.
    Past(u64),
}

impl Need {
    fn age(self) -> Duration {
        match self {
            Self::Now => Duration::ZERO,
            Self::Lately => LATELY,
            Self::Past(_) => RIGHTS,
        }
    }

    fn is_met(self, head: u64) -> bool {
        match self {
            Self::Now => false,
            Self::Lately => true,
            Self::Past(seq) => seq <= head,
        }
    }
}

/// The last seq of these events that changes who is in the chat, or its pins.
pub(crate) fn turning(events: &[LogEvent]) -> Option<u64> {
    let turns = |event: &&LogEvent| !matches!(event.kind, EventKind::Message(_));
    events.iter().filter(turns).map(|event| event.seq).max()
}

impl App {
    /// How a chat stands by the store's word.
    ///
    /// # Errors
    /// [`Error::Outsider`] if it has no members, or the store's.
    pub(crate) async fn standing(&self, chat: ChatId) -> Result<Arc<Standing>> {
        let asked = Instant::now();
        let found = self.store().standing(chat).await?.ok_or(Error::Outsider)?;
        let standing = Arc::new(found);
        self.meters.cache_filled(Kind::Standing, 1);
        self.standings.looked(chat, &standing, asked);
        Ok(standing)
    }

    /// The same for a member; if need be no newer than that, one that was read lately. Whether it is
    /// the store's word.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub(crate) async fn standing_for(
        &self,
        caller: Caller,
        chat: ChatId,
        need: Need,
    ) -> Result<(Arc<Standing>, bool)> {
        let serves =
            |kept: &Arc<Standing>| need.is_met(kept.head) && kept.member(caller.user).is_some();
        if let Some(kept) = self.standings.get(chat, need.age()).filter(serves) {
            self.meters.cache_hit(Kind::Standing, 1);
            return Ok((kept, false));
        }
        let standing = self.standing(chat).await?;
        standing.member(caller.user).ok_or(Error::Outsider)?;
        Ok((standing, true))
    }

    /// This node made a chat's members or pins others by the event of that seq: the other nodes
    /// hear of it now, whether or not they follow the chat.
    pub(crate) fn turned(&self, chat: ChatId, seq: u64) {
        self.standings.went_on(chat, seq);
        self.backing.bus.publish(News::Turned { chat, seq });
    }
}
