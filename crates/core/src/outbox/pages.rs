//! The outbox as records: rows are read by the page, and what they refer to in one reading for
//! many rows.
//!
//! [`Pages`] holds a place and what was read beyond it. What it gives out ends a place only when all of
//! a page was given out, so after a crash some records come again, with the same ids. Memory is
//! bounded: a page's rows are made into records slice by slice. A row that cannot be made into
//! records, whatever is tried, is given out as a dead letter, so that nothing waits for it.
//!
//! For a job no more is read than it wants: by its topics, by the chats that it names for a page,
//! and nothing at all while it wants nothing ([`Pages::leap`]). What it wants is asked *after* it
//! was read what there is, so that whoever comes to want something misses nothing that was
//! committed after that.

use std::collections::VecDeque;
use std::sync::Arc;

use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::record::{Known, Row, merged};
use super::rows::{broken, understood};
use super::store::{Bookmark, OutboxRow};
use super::wanted::Wanted;
use crate::event_log::Record;
use crate::job::Job;
use crate::store::{Store, StoreError, StoreResult};

pub use super::rows::BrokenRow;

/// Rows of a page.
const PAGE: u32 = 1000;
/// About how many records are made at a time.
const SLICE: u64 = 4096;

/// What was made of some rows.
#[derive(Debug, Default, PartialEq)]
pub struct Slice {
    /// In the order of the outbox.
    pub records: Vec<Record>,
    /// Rows that are passed over.
    pub broken: Vec<BrokenRow>,
}

impl Slice {
    /// Whether nothing was made of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.broken.is_empty()
    }
}

/// Reads on and on.
pub struct Pages {
    place: Bookmark,
    reached: Timestamp,
    rows: VecDeque<Row>,
    wanted: Wanted,
    job: Option<Arc<dyn Job>>,
    /// Whether the job may want nothing at all.
    may_leap: bool,
    /// Whether the newest page was full: there may be more.
    full: bool,
}

impl Pages {
    /// From there on; the newest row before it was committed at `reached`.
    #[must_use]
    pub fn from(place: Bookmark, reached: Timestamp) -> Self {
        Self {
            place,
            reached,
            rows: VecDeque::new(),
            wanted: Wanted::default(),
            job: None,
            may_leap: false,
            full: false,
        }
    }

    /// Only what that job wants.
    #[must_use]
    pub fn wanted_by(self, job: Arc<dyn Job>) -> Self {
        Self { wanted: Wanted::of(job.topics()), job: Some(job), may_leap: true, ..self }
    }

    /// Passes over all that is committed, unread, if nothing of it is wanted; whether it did. `now`
    /// is when.
    ///
    /// # Errors
    /// The store's; nothing is passed over then.
    pub async fn leap(&mut self, store: &dyn Store, now: Timestamp) -> StoreResult<bool> {
        let Some(job) = self.job.as_ref().filter(|_| self.may_leap && self.rows.is_empty()) else {
            return Ok(false);
        };
        // Before the question: what is committed later is behind this place.
        let end = store.outbox_end().await?;
        self.may_leap = job.wants_nothing().await?;
        if self.may_leap {
            (self.place, self.reached) = (end, self.reached.max(now));
            self.full = false;
        }
        Ok(self.may_leap)
    }

    /// The next records. `None`: all that is committed was given out.
    ///
    /// # Errors
    /// The store's; nothing is lost by it.
    pub async fn next(&mut self, store: &dyn Store) -> StoreResult<Option<Slice>> {
        let mut slice = Slice::default();
        if self.rows.is_empty() {
            let (rows, place) = store.outbox(&self.place, PAGE).await?;
            self.full = rows.len() >= PAGE as usize;
            if rows.is_empty() {
                self.place = place;
                return Ok(None);
            }
            let reached = rows.iter().map(|row| row.at).fold(self.reached, Ord::max);
            let rows = understood(rows, &mut slice.broken);
            self.rows = self.narrow(rows).await?;
            (self.place, self.reached) = (place, reached);
        }
        let mut count = self.count();
        if count == 0 {
            return Ok(Some(slice));
        }
        let known = loop {
            match known(store, self.wanted, self.rows.iter().take(count)).await {
                // One of them is broken: find it by halves.
                Err(StoreError::Broken(_)) if count > 1 => count = count.div_ceil(2),
                Err(StoreError::Broken(reason)) => {
                    let row = self.rows.pop_front().map(|row| row.row);
                    slice.broken.extend(row.map(|row| broken(&row, reason)));
                    return Ok(Some(slice));
                }
                // One event tells of all that expired by it.
                Ok(known) if count > 1 && known.expired() > SLICE => count = count.div_ceil(2),
                known => break known?,
            }
        };
        slice.records = self.rows.drain(..count).flat_map(|row| row.records(&known)).collect();
        Ok(Some(slice))
    }

    /// The place after all that was given out, if a page was given out as a whole, and when the
    /// newest row before it was committed.
    #[must_use]
    pub fn place(&self) -> Option<(&Bookmark, Timestamp)> {
        self.rows.is_empty().then_some((&self.place, self.reached))
    }

    /// Whether all that was committed when it was looked last was given out.
    #[must_use]
    pub fn is_through(&self) -> bool {
        self.rows.is_empty() && !self.full
    }

    /// What is wanted of a page that was read.
    async fn narrow(&mut self, mut rows: VecDeque<Row>) -> StoreResult<VecDeque<Row>> {
        rows.retain(|row| row.is_for(self.wanted));
        let Some(job) = self.job.as_ref().filter(|_| !rows.is_empty()) else { return Ok(rows) };
        let mut chats: Vec<ChatId> = rows.iter().flat_map(Row::chats).collect();
        chats.sort_unstable();
        chats.dedup();
        let Some(mut chats) = job.wants_of(&chats).await? else { return Ok(rows) };
        chats.sort_unstable();
        rows.iter_mut().for_each(|row| row.keep(&chats));
        rows.retain(|row| row.is_for(self.wanted));
        // Of none of these; maybe of no other.
        self.may_leap = chats.is_empty();
        Ok(rows)
    }

    /// How many rows make about a slice: one at least.
    fn count(&self) -> usize {
        let mut weight = 0;
        let fits = |row: &&Row| {
            let first = weight == 0;
            weight += row.weight(self.wanted).max(1);
            first || weight <= SLICE
        };
        self.rows.iter().take_while(fits).count()
    }
}

/// The records of these rows, as they come, and what cannot be made into any.
///
/// # Errors
/// The store's.
pub async fn records_of(store: &dyn Store, rows: Vec<OutboxRow>) -> StoreResult<Slice> {
    let mut all = Slice::default();
    let rows = understood(rows, &mut all.broken);
    let mut pages = Pages { rows, ..Pages::from(Bookmark::default(), Timestamp(0)) };
    while !pages.rows.is_empty() {
        let slice = pages.next(store).await?.unwrap_or_default();
        all.records.extend(slice.records);
        all.broken.extend(slice.broken);
    }
    Ok(all)
}

/// Everything wanted that these rows refer to.
async fn known<'a>(
    store: &dyn Store,
    wanted: Wanted,
    rows: impl Iterator<Item = &'a Row>,
) -> StoreResult<Known> {
    let (mut added, mut read) = (Vec::new(), Vec::new());
    for row in rows {
        let (more_added, more_read) = row.stretches(wanted);
        added.extend(more_added);
        read.extend(more_read);
    }
    let told = match added.is_empty() {
        true => Vec::new(),
        false => store.told(&merged(added), wanted.messages()).await?,
    };
    let passed = if read.is_empty() { Vec::new() } else { store.passed_in(&merged(read)).await? };
    Ok(Known::new(told, passed).only(wanted))
}
