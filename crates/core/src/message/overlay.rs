//! What changes of a message, laid over what does not: its pin, its status.
//!
//! The pins of a chat are kept all together, with their stamp: the stamp that the chat's standing
//! has says whether they are those.

use std::collections::HashMap;

use zvon_protocol::ids::ChatId;
use zvon_protocol::message::{Message, Status};

use super::{MessageRow, Pin};
use crate::App;
use crate::cache::{Kind, Wanted, life};
use crate::chat::standing::{Pins, Standing};
use crate::error::Result;
use crate::message::status::Reaches;

/// The key that a chat's pins are kept under.
pub(crate) fn key(chat: ChatId) -> String {
    format!("chat:{{{chat}}}:pinned")
}

impl App {
    /// The pinned messages of a chat, as of that stamp or later, and the head of the log that they
    /// need: 0 for those of the stamp.
    pub(crate) async fn pinned_rows(
        &self,
        chat: ChatId,
        pins: Pins,
    ) -> Result<(Vec<MessageRow>, u64)> {
        if pins.count == 0 {
            return Ok((Vec::new(), 0));
        }
        let wanted = [(key(chat), pins.newest)];
        if let Some(rows) = self.pinned_kept(&wanted, pins).await {
            return Ok((rows, 0));
        }
        let _turn = self.caching.turn(&wanted[0].0).await;
        if let Some(rows) = self.pinned_kept(&wanted, pins).await {
            return Ok((rows, 0));
        }
        let found = self.store().pinned(chat).await?;
        self.meters.cache_filled(Kind::Pinned, 1);
        if found.head > 0 {
            let [(key, _)] = wanted;
            self.caching.put([(key, found.head, (found.stamp, &found.rows))], life::PINNED).await;
        }
        let head = if found.stamp == pins { 0 } else { found.head };
        Ok((found.rows, head))
    }

    async fn pinned_kept(&self, wanted: &[Wanted], pins: Pins) -> Option<Vec<MessageRow>> {
        let (_, (stamp, rows)) = self.caching.get::<(Pins, _)>(wanted).await.pop().flatten()?;
        (stamp == pins).then(|| {
            self.meters.cache_hit(Kind::Pinned, 1);
            rows
        })
    }

    /// Messages with their pins and statuses, as their chat stands.
    pub(crate) async fn shown(
        &self,
        chat: ChatId,
        standing: &Standing,
        mut rows: Vec<MessageRow>,
    ) -> Result<Vec<Message>> {
        let (pinned, _) = self.pinned_rows(chat, standing.pins).await?;
        let pins: HashMap<u64, Option<Pin>> =
            pinned.into_iter().map(|row| (row.seq, row.pin)).collect();
        for row in &mut rows {
            row.pin = pins.get(&row.seq).copied().flatten();
        }
        Ok(stated(standing, &rows))
    }
}

/// Messages with their statuses.
pub(crate) fn stated(standing: &Standing, rows: &[MessageRow]) -> Vec<Message> {
    let mut reaches = Reaches::over(&standing.members);
    rows.iter().map(|row| row.to_wire(reaches.status(row.sender, row.seq))).collect()
}

/// Whether everybody read all of these: nothing makes that untrue.
pub(crate) fn all_read(standing: &Standing, rows: &[MessageRow]) -> bool {
    let mut reaches = Reaches::over(&standing.members);
    rows.iter().all(|row| reaches.status(row.sender, row.seq) == Status::Read)
}
