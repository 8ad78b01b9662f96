//! A chat's messages out of the cache.
//!
//! A page is 64 places of the log: page 0 has 1 to 64, page 1 has 65 to 128. It is kept as the
//! messages among them, without pins and statuses, and its version is the last place it covers: a
//! row of a message never changes, so a page only grows, and one that is full is good for ever.
//! Who reads knows the head of the log from the store (`chat::standing`), and so which version is
//! enough. Of what is missing one reading of the store brings a whole stretch, and of a page that
//! grew only what is new.
//!
//! Pins are kept beside, all of a chat together, with their stamp, and laid over the messages.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use zvon_protocol::ids::ChatId;
use zvon_protocol::message::{Message, Status};

use super::store::Page;
use super::{MessageRow, Pin};
use crate::App;
use crate::cache::{Kind, Wanted, life};
use crate::chat::standing::{Pins, Standing};
use crate::error::Result;
use crate::message::status::Reaches;
use crate::meters::Verb;

/// Places of a page.
const PLACES: u64 = 64;
/// So many places more than messages are looked at: some of them are other events.
const OTHERS: u64 = 8;

/// The page of a place.
fn page_of(seq: u64) -> u64 {
    seq.saturating_sub(1) / PLACES
}

/// The last place before a page.
fn before(page: u64) -> u64 {
    page * PLACES
}

/// How much of a page there is to cover when the log has come to `head`.
fn covered(page: u64, head: u64) -> u64 {
    head.min(before(page + 1))
}

fn key(chat: ChatId, page: u64) -> String {
    format!("chat:{{{chat}}}:messages:{page}")
}

/// A page as it is kept: how far it covers, and its messages.
type Kept = Option<(u64, Vec<MessageRow>)>;

/// What has to be read: all after one place up to another.
fn missing(first: u64, kept: &[Kept], wanted: &[Wanted]) -> Option<(u64, u64)> {
    let lacks = |index: &usize| {
        kept[*index].as_ref().is_none_or(|(version, _)| *version < wanted[*index].1)
    };
    let from = (0..kept.len()).find(lacks)?;
    let upto = (0..kept.len()).rev().find(lacks)?;
    let begun = kept[from].as_ref().map(|(version, _)| *version);
    Some((begun.unwrap_or(before(first + from as u64)), wanted[upto].1))
}

impl App {
    /// A page of messages as the store gives it, of a log that has come to `head`; pins aside.
    pub(crate) async fn shelved(
        &self,
        chat: ChatId,
        page: Page,
        limit: u32,
        head: u64,
    ) -> Result<Vec<MessageRow>> {
        let half = limit / 2;
        match page {
            Page::Newest => self.back(chat, head, limit, head).await,
            Page::Before(seq) => {
                self.back(chat, seq.saturating_sub(1).min(head), limit, head).await
            }
            Page::After(seq) => self.forth(chat, seq, limit, head).await,
            Page::Around(seq) => {
                let mut rows = self.back(chat, seq.min(head), limit - half, head).await?;
                rows.extend(self.forth(chat, seq, half, head).await?);
                Ok(rows)
            }
        }
    }

    /// The nearest messages up to a place.
    async fn back(
        &self,
        chat: ChatId,
        mut upto: u64,
        limit: u32,
        head: u64,
    ) -> Result<Vec<MessageRow>> {
        let limit = limit as usize;
        let mut found: Vec<MessageRow> = Vec::new();
        while upto > 0 && found.len() < limit {
            let need = (limit - found.len()) as u64 + OTHERS;
            let first = page_of(upto.saturating_sub(need).max(1));
            let mut rows = self.stretch(chat, first..=page_of(upto), head).await?;
            rows.retain(|row| row.seq <= upto);
            rows.append(&mut found);
            found = rows;
            upto = before(first);
        }
        found.drain(..found.len().saturating_sub(limit));
        Ok(found)
    }

    /// The nearest messages after a place.
    async fn forth(
        &self,
        chat: ChatId,
        mut after: u64,
        limit: u32,
        head: u64,
    ) -> Result<Vec<MessageRow>> {
        let limit = limit as usize;
        let mut found: Vec<MessageRow> = Vec::new();
        while after < head && found.len() < limit {
            let need = (limit - found.len()) as u64 + OTHERS;
            let last = page_of(after.saturating_add(need).min(head));
            let rows = self.stretch(chat, page_of(after + 1)..=last, head).await?;
            found.extend(rows.into_iter().filter(|row| row.seq > after));
            after = before(last + 1);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// All messages of some pages, up to the head.
    async fn stretch(
        &self,
        chat: ChatId,
        pages: RangeInclusive<u64>,
        head: u64,
    ) -> Result<Vec<MessageRow>> {
        let first = *pages.start();
        let wanted: Vec<Wanted> =
            pages.map(|page| (key(chat, page), covered(page, head))).collect();
        let mut kept: Vec<Kept> = self.caching.get(&wanted).await;
        let mut filled = 0;
        if missing(first, &kept, &wanted).is_some() {
            // Whoever reads them now keeps them for those who wait.
            let _turn = self.caching.turn(&key(chat, first)).await;
            kept = self.caching.get(&wanted).await;
            if let Some(span) = missing(first, &kept, &wanted) {
                filled = self.fill(chat, (first, span), &mut kept, &wanted).await?;
            }
        }
        self.meters.cache_hit(Kind::Page, (wanted.len() - filled) as u64);
        let rows = kept.into_iter().flatten().flat_map(|(_, rows)| rows);
        Ok(rows.filter(|row| row.seq <= head).collect())
    }

    /// Reads a span of the log into the pages that lack it; how many those are.
    async fn fill(
        &self,
        chat: ChatId,
        (first, (after, upto)): (u64, (u64, u64)),
        kept: &mut [Kept],
        wanted: &[Wanted],
    ) -> Result<usize> {
        let places = u32::try_from(upto - after).unwrap_or(u32::MAX);
        let read = self.store().page(chat, Page::After(after), places);
        let read = self.meters.timed(Verb::Page, read).await?;
        let read = read.into_iter().filter(|row| row.seq <= upto);
        let mut pages: HashMap<u64, Vec<MessageRow>> = HashMap::new();
        for row in read {
            pages.entry(page_of(row.seq)).or_default().push(MessageRow { pin: None, ..row });
        }
        let mut filled = Vec::new();
        for (index, (page, (key, enough))) in kept.iter_mut().zip(wanted).enumerate() {
            let number = first + index as u64;
            let version = page.as_ref().map_or(before(number), |(version, _)| *version);
            if page.is_some() && version >= *enough {
                continue;
            }
            let new = pages.remove(&number).unwrap_or_default().into_iter();
            let (reached, rows) = page.get_or_insert_default();
            rows.extend(new.filter(|row| row.seq > version));
            *reached = *enough;
            filled.push((key.clone(), *enough, &*rows));
        }
        let count = filled.len();
        self.meters.cache_filled(Kind::Page, count as u64);
        self.caching.put(filled, life::PAGES).await;
        Ok(count)
    }

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
        let wanted = [(format!("chat:{{{chat}}}:pinned"), pins.newest)];
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

#[cfg(test)]
mod tests {
    use super::{Kept, before, covered, missing, page_of};

    #[test]
    fn pages_tile_the_log() {
        assert_eq!([1, 64, 65, 128, 129].map(page_of), [0, 0, 1, 1, 2]);
        assert_eq!([0, 1, 2].map(before), [0, 64, 128]);
        assert_eq!(
            [(0, 10), (0, 64), (0, 99), (1, 99)].map(|(p, h)| covered(p, h)),
            [10, 64, 64, 99]
        );
        assert!((1..1000).all(|seq| before(page_of(seq)) < seq && seq <= before(page_of(seq) + 1)));
    }

    #[test]
    fn one_reading_brings_all_that_is_missing_and_little_else() {
        let wanted =
            |head| (1..4).map(|page| (String::new(), covered(page, head))).collect::<Vec<_>>();
        let kept = |version| -> Kept { Some((version, Vec::new())) };
        let (all, head) = (vec![kept(128), kept(192), kept(200)], 200);
        assert_eq!(missing(1, &all, &wanted(head)), None);
        assert_eq!(missing(1, &all, &wanted(205)), Some((200, 205)), "what is new of the tail");
        assert_eq!(missing(1, &[None, kept(192), None], &wanted(200)), Some((64, 200)));
        assert_eq!(missing(1, &[kept(128), None, kept(200)], &wanted(200)), Some((128, 192)));
        assert_eq!(missing(1, &[kept(128), kept(130), None], &wanted(200)), Some((130, 200)));
    }
}
