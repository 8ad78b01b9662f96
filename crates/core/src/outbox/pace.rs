//! How long who has read the outbox to its end waits before looking again. Pure.

use std::time::Duration;

/// For how long something that was found makes a reader look often.
const LATELY: Duration = Duration::from_secs(3);
/// How soon who hears of commits looks without having heard of any: an operator's commands commit
/// beside the server.
const UNHEARD: Duration = Duration::from_secs(2);

/// How urgent a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Least time between looks where something was found lately.
    soon: Duration,
    /// And where nothing was, for who does not hear of commits.
    later: Duration,
    /// And for who does.
    heard: Duration,
    /// Whether it waits as soon as all that there was is given out, and not only after a look that found
    /// nothing.
    pub(super) rests: bool,
}

/// A wait, from the last look on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// That long at least, so that many commits cost one look.
    pub(super) least: Duration,
    /// That long at most, until there are news.
    pub(super) most: Duration,
}

impl Pace {
    /// Other systems wait for what the relay brings.
    pub(super) const RELAY: Self = Self {
        soon: Duration::from_millis(50),
        later: Duration::from_millis(100),
        heard: Duration::from_millis(50),
        rests: false,
    };
    /// Most of what is committed is nothing to some jobs, or to most of those who wait for them.
    pub(super) const PROMPT: Self = Self {
        soon: Duration::from_millis(100),
        later: Duration::from_millis(500),
        heard: Duration::from_millis(500),
        rests: true,
    };
    /// Nobody waits for the other jobs. A look costs them about the same however much it brings.
    pub(super) const JOB: Self = Self {
        soon: Duration::from_secs(1),
        later: Duration::from_secs(1),
        heard: Duration::from_secs(1),
        rests: true,
    };

    /// How long, if something wanted was found that long ago (`None`: never).
    pub(super) fn wait(self, found: Option<Duration>, hears: bool) -> Wait {
        let least = match found {
            Some(ago) if ago < LATELY => self.soon,
            _ if hears => self.heard,
            _ => self.later,
        };
        let most = if hears { UNHEARD } else { least };
        Wait { least, most }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Just;

    use super::{LATELY, Pace, UNHEARD};

    proptest! {
        #[test]
        fn nobody_is_busy_and_nobody_sleeps_for_long(
            pace in prop_oneof![Just(Pace::RELAY), Just(Pace::PROMPT), Just(Pace::JOB)],
            found in any::<Option<u32>>(),
            hears in any::<bool>(),
        ) {
            let found = found.map(|ago| Duration::from_millis(ago.into()));
            let wait = pace.wait(found, hears);
            prop_assert!(wait.least >= Duration::from_millis(50));
            prop_assert!(wait.least <= Duration::from_secs(1));
            prop_assert!(wait.least <= wait.most && wait.most <= UNHEARD);
            prop_assert_eq!(wait.most == wait.least, !hears);
        }
    }

    #[test]
    fn who_found_something_lately_looks_sooner() {
        let least = |pace: Pace, ago, hears| pace.wait(ago, hears).least.as_millis();
        let (now, long) = (Some(Duration::ZERO), Some(LATELY));
        assert_eq!([now, long, None].map(|ago| least(Pace::RELAY, ago, false)), [50, 100, 100]);
        assert_eq!([now, long, None].map(|ago| least(Pace::PROMPT, ago, false)), [100, 500, 500]);
        assert_eq!([now, long, None].map(|ago| least(Pace::JOB, ago, false)), [1000; 3]);
        assert_eq!(least(Pace::RELAY, None, true), 50, "it hears of what comes");
    }
}
