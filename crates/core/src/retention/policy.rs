//! What is over, and when to look again. Pure.
//!
//! Each chat is looked at when something may be too old, which is known. That there may be too many
//! is heard of when somebody writes (`grown`); in case that was missed, such chats are looked at
//! once a day.

use zvon_protocol::chat::Retention;
use zvon_protocol::time::Timestamp;

use crate::error::{Error, Result};

/// Least age that can be asked for, in ms.
pub const AGE_MIN: u64 = 60_000;
/// Greatest, in ms: a century.
pub const AGE_MAX: u64 = 100 * 366 * 86_400_000;
/// Greatest number that can be asked for.
pub const COUNT_MAX: u64 = 1_000_000_000;
/// After so long a chat of which a number is kept is looked at in any case, in ms.
const DAY: u64 = 86_400_000;

/// How a chat is swept.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// When.
    pub now: Timestamp,
    /// What holds for chats that say nothing themselves.
    pub default: Retention,
    /// Most messages that go in one transaction.
    pub batch: u32,
    /// The shortest pause between two looks at a chat of which nothing is over, in ms.
    pub every: u64,
}

/// How a chat stands.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What it says itself.
    pub own: Retention,
    /// How many messages were ever sent.
    pub msg_no: u64,
}

/// A message, without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its place.
    pub seq: u64,
    /// Its number.
    pub msg_no: u64,
    /// When it was sent.
    pub at: Timestamp,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All messages up to this one go.
    pub cut: Option<Place>,
    /// When the chat is looked at again; `None`: when somebody says something else.
    pub next: Option<Timestamp>,
}

/// What holds for a chat: `None` is no bound.
#[must_use]
pub fn effective(own: Retention, default: Retention) -> Retention {
    let bound = |own: Option<u64>, default: Option<u64>| own.or(default).filter(|most| *most > 0);
    Retention {
        max_age_ms: bound(own.max_age_ms, default.max_age_ms),
        max_count: bound(own.max_count, default.max_count),
    }
}

/// Refuses what cannot be meant.
///
/// # Errors
/// `Invalid`.
pub fn check(wanted: Retention) -> Result<Retention> {
    let fits = |value: Option<u64>, least, most| {
        value.is_none_or(|n| n == 0 || (least..=most).contains(&n))
    };
    if !fits(wanted.max_age_ms, AGE_MIN, AGE_MAX) {
        return Err(Error::invalid("maxAgeMs must be null, 0, or a minute to a century"));
    }
    if !fits(wanted.max_count, 1, COUNT_MAX) {
        return Err(Error::invalid("maxCount must be null or 0 to 1000000000"));
    }
    Ok(wanted)
}

/// Whether a message is over.
#[must_use]
pub fn is_over(terms: &Terms, facts: &Facts, message: &Place) -> bool {
    let holds = effective(facts.own, terms.default);
    let too_old = |age: u64| message.at.plus_millis(signed(age)) <= terms.now;
    let too_many = |count: u64| message.msg_no.saturating_add(count) <= facts.msg_no;
    holds.max_age_ms.is_some_and(too_old) || holds.max_count.is_some_and(too_many)
}

/// What to do about a chat whose oldest messages these are: more of them than go at a time, or all.
#[must_use]
pub fn plan(terms: &Terms, facts: &Facts, oldest: &[Place]) -> Plan {
    let over = oldest.iter().take(terms.batch as usize);
    let over = over.take_while(|message| is_over(terms, facts, message)).count();
    let cut = over.checked_sub(1).map(|last| oldest[last]);
    let next = match oldest.get(over) {
        Some(rest) if is_over(terms, facts, rest) => Some(terms.now),
        rest => look_again(terms, facts.own, rest),
    };
    Plan { cut, next }
}

/// When something may be over of a chat whose oldest message this is.
fn look_again(terms: &Terms, own: Retention, oldest: Option<&Place>) -> Option<Timestamp> {
    let holds = effective(own, terms.default);
    let from_now = |pause: u64| terms.now.plus_millis(signed(pause));
    let aged = holds.max_age_ms.map(|age| {
        let from = oldest.map_or(terms.now, |message| message.at);
        from.plus_millis(signed(age)).max(from_now(terms.every))
    });
    let counted = holds.max_count.map(|_| from_now(DAY));
    [aged, counted].into_iter().flatten().min()
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AGE_MIN, Facts, Place, Retention, Terms, Timestamp, check, effective, plan};

    fn keep(max_age_ms: Option<u64>, max_count: Option<u64>) -> Retention {
        Retention { max_age_ms, max_count }
    }

    fn terms(now: i64, default: Retention) -> Terms {
        Terms { now: Timestamp(now), default, batch: 4, every: 10 }
    }

    fn time(millis: u64) -> Timestamp {
        Timestamp(i64::try_from(millis).unwrap())
    }

    /// Messages 1, 2, 3 …, one every 100 ms, between other events.
    fn messages(count: u64) -> Vec<Place> {
        let place = |n: u64| Place { seq: n * 2, msg_no: n, at: time(n * 100) };
        (1..=count).map(place).collect()
    }

    fn facts(own: Retention, count: u64) -> Facts {
        Facts { own, msg_no: count }
    }

    #[test]
    fn what_a_chat_says_comes_before_what_the_server_says() {
        let server = keep(Some(5), Some(0));
        assert_eq!(effective(Retention::default(), server), keep(Some(5), None));
        assert_eq!(effective(keep(Some(0), Some(7)), server), keep(None, Some(7)));
        assert_eq!(effective(keep(Some(9), None), server), keep(Some(9), None));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for fine in [keep(None, None), keep(Some(0), Some(0)), keep(Some(AGE_MIN), Some(1))] {
            assert_eq!(check(fine).unwrap(), fine);
        }
        for wrong in [keep(Some(1), None), keep(Some(u64::MAX), None), keep(None, Some(u64::MAX))] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_old_go_and_the_next_look_is_when_the_next_one_is_old() {
        let found =
            plan(&terms(350, keep(Some(200), None)), &facts(keep(None, None), 9), &messages(5));
        assert_eq!((found.cut.map(|cut| cut.msg_no), found.next), (Some(1), Some(Timestamp(400))));
        let quiet = plan(&terms(350, keep(Some(200), None)), &facts(keep(None, None), 0), &[]);
        assert_eq!((quiet.cut, quiet.next), (None, Some(Timestamp(550))));
    }

    #[test]
    fn a_number_is_left_in_batches_and_the_next_look_is_a_day_later() {
        let own = keep(None, Some(3));
        let look = |now, count| {
            let found =
                plan(&terms(now, Retention::default()), &facts(own, count), &messages(count));
            (found.cut.map(|cut| cut.msg_no), found.next.map(|next| next.0 - now))
        };
        assert_eq!(look(505, 5), (Some(2), Some(86_400_000)));
        assert_eq!(look(505, 3), (None, Some(86_400_000)));
        assert_eq!(look(900, 9), (Some(4), Some(0)), "a batch, and at once again");
    }

    proptest! {
        /// Sweeping until nothing is due leaves what is to be kept and takes what is not.
        #[test]
        fn swept_out_it_is_as_it_should_be(
            count in 0_u64..40,
            now in 0_i64..5000,
            age in prop::option::of(0_u64..3000),
            number in prop::option::of(0_u64..50),
        ) {
            let (all, terms) = (messages(count), terms(now, keep(age, number)));
            let facts = facts(Retention::default(), count);
            let mut left = &all[..];
            loop {
                let found = plan(&terms, &facts, &left[..left.len().min(5)]);
                let Some(cut) = found.cut else {
                    prop_assert!(found.next.is_none_or(|next| next > terms.now));
                    break;
                };
                let gone = left.iter().filter(|message| message.seq <= cut.seq).count();
                prop_assert!((1..=4).contains(&gone));
                left = &left[gone..];
            }
            let holds = effective(Retention::default(), terms.default);
            let stays = |message: &&Place| {
                holds.max_age_ms.is_none_or(|age| message.at.plus_millis(time(age).0).0 > now)
                    && holds.max_count.is_none_or(|most| message.msg_no + most > count)
            };
            let expected: Vec<_> = all.iter().filter(stays).copied().collect();
            prop_assert_eq!(left, &expected[..]);
        }
    }
}
