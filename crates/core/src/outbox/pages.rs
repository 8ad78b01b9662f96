//! The outbox as records: rows are read by the page, and what they refer to in one reading for
//! many rows.
//!
//! [`Pages`] holds a place and what was read beyond it. What it gives out ends a place only when all of
//! a page was given out, so after a crash some records come again, with the same ids. Memory is
//! bounded: a page's rows are made into records slice by slice. A row that cannot be made into
//! records, whatever is tried, is given out as a dead letter, so that nothing waits for it.

use std::collections::VecDeque;

use serde_json::json;
use zvon_protocol::time::Timestamp;

use super::event;
use super::record::{Known, Row, merged};
use super::store::{Bookmark, OutboxRow};
use crate::event_log::Record;
use crate::store::{Store, StoreError, StoreResult};

/// Rows of a page.
const PAGE: u32 = 1000;
/// About how many records are made at a time.
const SLICE: u64 = 4096;

/// A row that tells nothing that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub text: String,
    /// Why it is of no use.
    pub reason: String,
}

/// What was made of some rows.
#[derive(Debug, Default, PartialEq)]
pub struct Slice {
    /// In the order of the outbox.
    pub records: Vec<Record>,
    /// Rows that are passed over.
    pub broken: Vec<BrokenRow>,
}

/// Reads on and on.
#[derive(Debug)]
pub struct Pages {
    place: Bookmark,
    reached: Timestamp,
    rows: VecDeque<Row>,
}

impl Pages {
    /// From there on; the newest row before it was committed at `reached`.
    #[must_use]
    pub fn from(place: Bookmark, reached: Timestamp) -> Self {
        Self { place, reached, rows: VecDeque::new() }
    }

    /// The next records. `None`: all that is committed was given out.
    ///
    /// # Errors
    /// The store's; nothing is lost by it.
    pub async fn next(&mut self, store: &dyn Store) -> StoreResult<Option<Slice>> {
        let mut slice = Slice::default();
        if self.rows.is_empty() {
            let (rows, place) = store.outbox(&self.place, PAGE).await?;
            self.place = place;
            if rows.is_empty() {
                return Ok(None);
            }
            self.reached = rows.iter().map(|row| row.at).fold(self.reached, Ord::max);
            self.rows = understood(rows, &mut slice.broken);
        }
        let mut count = self.count();
        if count == 0 {
            return Ok(Some(slice));
        }
        let known = loop {
            match known(store, self.rows.iter().take(count)).await {
                // One of them is broken: find it by halves.
                Err(StoreError::Broken(_)) if count > 1 => count = count.div_ceil(2),
                Err(StoreError::Broken(reason)) => {
                    let row = self.rows.pop_front().map(|row| row.row);
                    slice.broken.extend(row.map(|row| broken(&row, reason)));
                    return Ok(Some(slice));
                }
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

    /// How many rows make about a slice: one at least.
    fn count(&self) -> usize {
        let mut weight = 0;
        let fits = |row: &&Row| {
            let first = weight == 0;
            weight += row.weight().max(1);
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
    let mut pages = Pages { place: Bookmark::default(), reached: Timestamp(0), rows };
    while !pages.rows.is_empty() {
        let slice = pages.next(store).await?.unwrap_or_default();
        all.records.extend(slice.records);
        all.broken.extend(slice.broken);
    }
    Ok(all)
}

fn understood(rows: Vec<OutboxRow>, useless: &mut Vec<BrokenRow>) -> VecDeque<Row> {
    let mut understood = VecDeque::with_capacity(rows.len());
    for row in rows {
        match row.extra.as_deref().map_or(Some(Vec::new()), event::read) {
            Some(events) => understood.push_back(Row { row, events }),
            None => useless.push(broken(&row, "its account events are no list".to_owned())),
        }
    }
    understood
}

fn broken(row: &OutboxRow, reason: String) -> BrokenRow {
    let OutboxRow { id, at, spans, admitted, extra } = row;
    let text = json!({ "id": id, "at": at, "spans": spans, "admitted": admitted, "extra": extra });
    BrokenRow { id: *id, text: text.to_string(), reason }
}

/// Everything that these rows refer to.
async fn known<'a>(store: &dyn Store, rows: impl Iterator<Item = &'a Row>) -> StoreResult<Known> {
    let (mut added, mut read) = (Vec::new(), Vec::new());
    for row in rows {
        let (more_added, more_read) = row.stretches();
        added.extend(more_added);
        read.extend(more_read);
    }
    let told = if added.is_empty() { Vec::new() } else { store.told(&merged(added)).await? };
    let passed = if read.is_empty() { Vec::new() } else { store.passed_in(&merged(read)).await? };
    Ok(Known::new(told, passed))
}
