//! Rows of the outbox with their account events as values; and those that nothing can be made of. Pure.

use std::collections::VecDeque;

use serde_json::json;

use super::event;
use super::record::Row;
use super::store::OutboxRow;

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

/// The rows as values; what is no use to anybody is put aside.
pub(super) fn understood(rows: Vec<OutboxRow>, useless: &mut Vec<BrokenRow>) -> VecDeque<Row> {
    let mut understood = VecDeque::with_capacity(rows.len());
    for row in rows {
        match row.extra.as_deref().map_or(Some(Vec::new()), event::read) {
            Some(events) => understood.push_back(Row { row, events }),
            None => useless.push(broken(&row, "its account events are no list".to_owned())),
        }
    }
    understood
}

/// Why a row is of no use.
pub(super) fn broken(row: &OutboxRow, reason: String) -> BrokenRow {
    let OutboxRow { id, at, spans, admitted, extra } = row;
    let text = json!({ "id": id, "at": at, "spans": spans, "admitted": admitted, "extra": extra });
    BrokenRow { id: *id, text: text.to_string(), reason }
}
