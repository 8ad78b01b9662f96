//! Leases of incarnations, as last seen, and what they say of a user. Pure; the time is given.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use zvon_core::presence::Transition;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

/// All leases, as they were at one moment.
pub(super) struct Leases {
    /// That moment, here and in Redis' milliseconds.
    seen: (Instant, i64),
    ends: HashMap<String, i64>,
}

impl Leases {
    pub(super) fn new(seen: (Instant, i64), ends: HashMap<String, i64>) -> Self {
        Self { seen, ends }
    }

    /// Redis' time, in milliseconds.
    pub(super) fn time(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.seen.0).as_millis();
        self.seen.1.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }

    /// Incarnations whose lease has been over for that long, with its end.
    pub(super) fn over(&self, now: Instant, long: Duration) -> impl Iterator<Item = (&str, i64)> {
        let line = self.time(now) - i64::try_from(long.as_millis()).unwrap_or(0);
        let all = self.ends.iter().map(|(name, end)| (&**name, *end));
        all.filter(move |(_, end)| *end < line)
    }

    /// Incarnations whose lease has not been over for that long.
    pub(super) fn held(&self, now: Instant, long: Duration) -> Vec<String> {
        let line = self.time(now) - i64::try_from(long.as_millis()).unwrap_or(0);
        let all = self.ends.iter().filter(|(_, end)| **end >= line);
        all.map(|(name, _)| name.clone()).collect()
    }

    /// Whether that incarnation is known to have been gone for that long. Who is not listed began
    /// just now.
    fn is_gone(&self, incarnation: &str, now: Instant, long: Duration) -> bool {
        self.over(now, long).any(|(name, _)| name == incarnation)
    }
}

/// A user's state from the fields of their key: a connection whose incarnation has been gone for
/// the whole grace does not count, whether or not somebody has reaped it. `leases` is `None` while
/// they are not to be trusted. `None` if there is no state.
pub(super) fn state(
    user: UserId,
    fields: &HashMap<String, String>,
    leases: Option<&Leases>,
    (now, grace): (Instant, Duration),
) -> Option<Transition> {
    let version: u64 = fields.get("v")?.parse().ok()?;
    let mut of_connections = fields.keys().filter_map(|field| field.split_once('|')).peekable();
    let lives = of_connections.peek().is_none()
        || leases.is_none_or(|leases| {
            of_connections.any(|(incarnation, _)| !leases.is_gone(incarnation, now, grace))
        });
    let online = fields.get("s").is_some_and(|s| s == "1") && lives;
    // A version is the time of its transition, unless two came within a millisecond.
    let at = Timestamp(i64::try_from(version).unwrap_or(i64::MAX));
    Some(Transition { user, online, version, at })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{prop, proptest};
    use uuid::Uuid;

    use super::{Duration, Instant, Leases, UserId, state};

    const GRACE: Duration = Duration::from_secs(10);

    proptest! {
        #[test]
        fn a_user_is_online_while_any_connection_may_live(
            ends in prop::collection::vec(-30_000_i64..10_000, 0..4),
            flag in 0_u8..2,
            later in 0_u64..5_000,
        ) {
            let (seen, time) = (Instant::now(), 1_000_000_i64);
            let named = |index: usize| format!("node{index}");
            let all = ends.iter().enumerate().map(|(index, end)| (named(index), time + end));
            let leases = Leases::new((seen, time), all.collect());
            let now = seen + Duration::from_millis(later);
            let mut fields: HashMap<String, String> =
                [("s".into(), flag.to_string()), ("v".into(), "7".into())].into();
            for index in 0..ends.len() {
                fields.insert(format!("{}|a", named(index)), "1".into());
            }
            let user = UserId(Uuid::nil());
            let online = |leases| state(user, &fields, leases, (now, GRACE)).unwrap().online;
            let line = i64::try_from(later).unwrap() - 10_000;
            let lives = ends.is_empty() || ends.iter().any(|end| *end >= line);
            assert_eq!(online(Some(&leases)), flag == 1 && lives);
            assert_eq!(online(None), flag == 1);
            assert_eq!(leases.held(now, GRACE).len() + leases.over(now, GRACE).count(), ends.len());
        }
    }
}
