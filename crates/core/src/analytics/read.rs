//! Reading the counts, for operators.

use std::sync::Arc;

use zvon_protocol::analytics::{Analytics, DayCounts};
use zvon_protocol::day::Day;

use super::job::NAME;
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::store::{Store, StoreResult};

/// Most days at a time: a leap year.
pub const MOST: i64 = 366;
/// How many days there are if nothing is said.
const USUAL: i64 = 30;

/// Successive days, both ends among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: Day,
    /// The last.
    pub to: Day,
}

impl Range {
    /// What was asked for; without an end until today, without a beginning thirty days.
    ///
    /// # Errors
    /// `Invalid`: the end lies before the beginning, or too many days after it.
    pub fn of(from: Option<Day>, to: Option<Day>, today: Day) -> Result<Self> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| to.plus(1 - USUAL));
        if to < from {
            return Err(Error::invalid("to, which is today unless said, must not be before from"));
        }
        if to.number() - from.number() >= MOST {
            return Err(Error::invalid("from and to must not span more than 366 days"));
        }
        Ok(Self { from, to })
    }

    /// All of its days, those on which nothing happened as zeros.
    fn filled(self, counted: &[DayCounts]) -> Vec<DayCounts> {
        let mut counted = counted.iter().copied().peekable();
        let numbers = self.from.number()..=self.to.number();
        let day = |number| {
            let day = Day::new(number);
            counted.next_if(|counts| counts.day == day).unwrap_or_else(|| DayCounts::none(day))
        };
        numbers.map(day).collect()
    }
}

/// The counts of a range, whoever asks.
///
/// # Errors
/// The store's.
pub async fn counts(store: &dyn Store, range: Range) -> StoreResult<Analytics> {
    let days = range.filled(&store.counted_days(range.from, range.to).await?);
    let states = store.job_states().await?;
    let state = states.into_iter().find(|state| state.job == NAME && state.done > 0);
    Ok(Analytics { days, counted_to: state.map(|state| state.reached) })
}

impl App {
    /// The counts of successive days; without an end until today, without a beginning thirty days.
    ///
    /// # Errors
    /// `Forbidden` (the caller is no operator), `Invalid` (no such range), or the store's.
    pub async fn analytics(
        self: &Arc<Self>,
        caller: Caller,
        from: Option<Day>,
        to: Option<Day>,
    ) -> Result<Analytics> {
        self.check_operator(caller).await?;
        let range = Range::of(from, to, Day::of(self.now()))?;
        Ok(counts(self.store(), range).await?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{Day, DayCounts, MOST, Range};

    #[test]
    fn a_range_has_an_end_and_a_beginning() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let today = day("2026-03-31");
        let of = |from, to| Range::of(from, to, today).map_err(|error| error.text());
        let range = |from, to| Ok(Range { from: day(from), to: day(to) });
        assert_eq!(of(None, None), range("2026-03-02", "2026-03-31"));
        assert_eq!(of(None, Some(day("2026-01-31"))), range("2026-01-02", "2026-01-31"));
        assert_eq!(of(Some(today), None), range("2026-03-31", "2026-03-31"));
        assert_eq!(of(Some(day("2025-03-31")), None), range("2025-03-31", "2026-03-31"));
        assert!(of(Some(day("2025-03-30")), None).unwrap_err().contains("366 days"));
        assert!(of(Some(day("2026-04-01")), None).unwrap_err().contains("before from"));
        let (first, last) = (Day::new(i64::MIN), Day::new(i64::MAX));
        assert!(of(Some(first), Some(last)).is_err());
        assert_eq!(of(None, Some(first)), Ok(Range { from: first, to: first }));
    }

    proptest! {
        #[test]
        fn every_day_is_there_once_and_in_order(
            from in -9_i64..9,
            length in 0_i64..MOST,
            counted in prop::collection::btree_map(0_i64..20, any::<u32>(), 0..20),
        ) {
            let range = Range { from: Day::new(from), to: Day::new(from + length) };
            let of = |(number, messages): (&i64, &u32)| {
                DayCounts { messages: u64::from(*messages), ..DayCounts::none(Day::new(*number)) }
            };
            let stored: Vec<_> = counted.iter().map(of).filter(|counts|
                range.from <= counts.day && counts.day <= range.to).collect();
            let filled = range.filled(&stored);
            prop_assert_eq!(filled.len() as i64, length + 1);
            for (index, counts) in filled.iter().enumerate() {
                let number = from + index as i64;
                prop_assert_eq!(counts.day, Day::new(number));
                let messages = counted.get(&number).copied().unwrap_or_default();
                prop_assert_eq!(counts.messages, u64::from(messages));
                prop_assert!(counts.active_users == 0);
            }
        }
    }
}
