//! Counts per day, as either database keeps them.

use std::collections::{BTreeMap, HashSet};

use sqlx::Error;
use zvon_core::analytics::{Active, Fact, Seen, Tally};
use zvon_protocol::analytics::DayCounts;
use zvon_protocol::day::Day;

use crate::columns::{Columns, number, some};

/// What those of the facts change whose events are fresh; one that is given twice counts once.
pub(crate) fn tally(facts: &[Fact], mut fresh: HashSet<String>) -> Tally {
    Tally::of(facts.iter().filter(|fact| fresh.remove(&fact.event_id)))
}

/// The day of a row.
pub(crate) fn day(row: &impl Columns) -> Result<Day, Error> {
    some(row.int("day")?, "day").map(Day::new)
}

/// A day, and whether it is folded.
pub(crate) fn standing(row: &impl Columns) -> Result<(Day, bool), Error> {
    Ok((day(row)?, row.int("folded")?.unwrap_or_default() != 0))
}

/// A day's numbers.
pub(crate) fn counts(row: &impl Columns) -> Result<DayCounts, Error> {
    Ok(DayCounts {
        day: day(row)?,
        messages: number(row, "messages")?,
        active_users: number(row, "active_users")?,
        active_chats: number(row, "active_chats")?,
        new_users: number(row, "new_users")?,
        new_chats: number(row, "new_chats")?,
    })
}

/// Those who are still counted on the days they were active.
pub(crate) fn unfolded<'a>(
    tally: &'a Tally,
    standings: &'a BTreeMap<Day, bool>,
) -> impl Iterator<Item = &'a Seen> {
    tally.seen.iter().filter(|(day, _, _)| standings.get(day) == Some(&false))
}

/// The day of someone who is counted, and as what.
pub(crate) fn seen(row: &impl Columns) -> Result<(Day, bool), Error> {
    Ok((day(row)?, row.int("kind")? == Some(Active::User.number())))
}
