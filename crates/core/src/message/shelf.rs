//! A chat's messages out of the cache.
//!
//! A page is 64 places of the log: page 0 has 1 to 64, page 1 has 65 to 128. It is kept as the
//! messages among them, without pins and statuses, and its version is the last place it covers: a
//! row of a message never changes, so a page only grows, and one that is full is good for ever.
//! Who reads knows the head of the log from the store (`chat::standing`), and so which version is
//! enough. Of what is missing one reading of the store brings a whole stretch, and of a page that
//! grew only what is new. `overlay` lays pins and statuses over them.
//!
//! Retention takes messages away from the beginning (`retention`). How far is part of the standing,
//! so what a page still has of them is not given out; the page itself is dropped when they go, or
//! ends with its life.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use zvon_protocol::ids::ChatId;

use super::MessageRow;
use super::pages::{Kept, OTHERS, before, covered, key, missing, page_of};
use super::store::Page;
use crate::App;
use crate::cache::{Kind, Wanted, life};
use crate::chat::standing::Standing;
use crate::error::Result;
use crate::meters::Verb;

/// Which of a log's places may hold messages: `expired < seq <= head`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Up to here they have expired.
    pub(crate) expired: u64,
    /// The newest place.
    pub(crate) head: u64,
}

impl Extent {
    /// As the chat stands.
    pub(crate) fn of(standing: &Standing) -> Self {
        Self { expired: standing.expired, head: standing.head }
    }
}

impl App {
    /// A page of messages as the store gives it, of a log that has this extent; pins aside.
    pub(crate) async fn shelved(
        &self,
        chat: ChatId,
        page: Page,
        limit: u32,
        log: Extent,
    ) -> Result<Vec<MessageRow>> {
        let half = limit / 2;
        match page {
            Page::Newest => self.back(chat, log.head, limit, log).await,
            Page::Before(seq) => {
                self.back(chat, seq.saturating_sub(1).min(log.head), limit, log).await
            }
            Page::After(seq) => self.forth(chat, seq, limit, log).await,
            Page::Around(seq) => {
                let mut rows = self.back(chat, seq.min(log.head), limit - half, log).await?;
                rows.extend(self.forth(chat, seq, half, log).await?);
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
        log: Extent,
    ) -> Result<Vec<MessageRow>> {
        let limit = limit as usize;
        let mut found: Vec<MessageRow> = Vec::new();
        while upto > log.expired && found.len() < limit {
            let need = (limit - found.len()) as u64 + OTHERS;
            let first = page_of(upto.saturating_sub(need).max(log.expired + 1));
            let mut rows = self.stretch(chat, first..=page_of(upto), log).await?;
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
        after: u64,
        limit: u32,
        log: Extent,
    ) -> Result<Vec<MessageRow>> {
        let limit = limit as usize;
        let (mut found, mut after) = (Vec::<MessageRow>::new(), after.max(log.expired));
        while after < log.head && found.len() < limit {
            let need = (limit - found.len()) as u64 + OTHERS;
            let last = page_of(after.saturating_add(need).min(log.head));
            let rows = self.stretch(chat, page_of(after + 1)..=last, log).await?;
            found.extend(rows.into_iter().filter(|row| row.seq > after));
            after = before(last + 1);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// All messages of some pages, within the log's extent.
    async fn stretch(
        &self,
        chat: ChatId,
        pages: RangeInclusive<u64>,
        log: Extent,
    ) -> Result<Vec<MessageRow>> {
        let first = *pages.start();
        let wanted: Vec<Wanted> =
            pages.map(|page| (key(chat, page), covered(page, log.head))).collect();
        let mut kept: Vec<Kept> = self.caching.get(&wanted).await;
        let mut filled = 0;
        if missing(first, &kept, &wanted).is_some() {
            // Whoever reads them now keeps them for those who wait.
            let _turn = self.caching.turn(&key(chat, first)).await;
            kept = self.caching.get(&wanted).await;
            if let Some(span) = missing(first, &kept, &wanted) {
                filled = self.fill(chat, (first, span), &mut kept, &wanted, log.expired).await?;
            }
        }
        self.meters.cache_hit(Kind::Page, (wanted.len() - filled) as u64);
        let rows = kept.into_iter().flatten().flat_map(|(_, rows)| rows);
        Ok(rows.filter(|row| log.expired < row.seq && row.seq <= log.head).collect())
    }

    /// Reads a span of the log into the pages that lack it; how many those are. What expired is not
    /// kept once more.
    async fn fill(
        &self,
        chat: ChatId,
        (first, (after, upto)): (u64, (u64, u64)),
        kept: &mut [Kept],
        wanted: &[Wanted],
        expired: u64,
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
            rows.retain(|row| row.seq > expired);
            *reached = *enough;
            filled.push((key.clone(), *enough, &*rows));
        }
        let count = filled.len();
        self.meters.cache_filled(Kind::Page, count as u64);
        self.caching.put(filled, life::PAGES).await;
        Ok(count)
    }
}
