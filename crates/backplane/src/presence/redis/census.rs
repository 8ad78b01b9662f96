//! Whether Redis holds what it should of one bucket. Pure.
//!
//! Connections begin and end while one asks, so equality is not to be had. But whatever was told
//! before the question and has not ended until the answer must be there; and nothing can be there
//! beyond what lived, or was ending, when one asked, and what began since.

/// This node's connections in a bucket, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    /// Redis knows of so many.
    pub(super) told: usize,
    /// So many live, or have ended without Redis having confirmed it.
    pub(super) most: usize,
    /// So many have begun ever.
    pub(super) begun: usize,
    /// So many have ended ever.
    pub(super) ended: usize,
}

/// What is wrong with a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Redis lost some.
    Lacks,
    /// Redis holds some that nobody has.
    Extra,
}

/// Judges what Redis held at some time between the two.
pub(super) fn judge(before: Census, held: usize, after: Census) -> Option<Wrong> {
    if held < before.told.saturating_sub(after.ended - before.ended) {
        return Some(Wrong::Lacks);
    }
    (held > before.most + (after.begun - before.begun)).then_some(Wrong::Extra)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::{Census, Wrong, judge};

    /// What happens at a node and in Redis: a connection begins, is told, ends, is confirmed.
    fn happen(now: &mut Census, held: &mut usize, what: u8) {
        let telling = now.most - now.told - (now.ending());
        match what % 4 {
            0 => (now.begun, now.most) = (now.begun + 1, now.most + 1),
            1 if telling > 0 => (now.told, *held) = (now.told + 1, *held + 1),
            2 if now.told > 0 => (now.told, now.ended) = (now.told - 1, now.ended + 1),
            3 if now.ending() > 0 => (now.most, *held) = (now.most - 1, *held - 1),
            _ => {}
        }
    }

    impl Census {
        /// Ends that Redis has not confirmed: what has begun is told, being told, or ending.
        fn ending(&self) -> usize {
            // Confirmed ends are those that `most` no longer counts.
            self.ended - (self.begun - self.most)
        }
    }

    proptest! {
        #[test]
        fn nothing_is_wrong_where_all_goes_well(
            what in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 3),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(what.len() + 1)).collect();
            cuts.sort_unstable();
            let (mut now, mut held, mut seen) = (Census::default(), 0, Vec::new());
            for index in 0..=what.len() {
                seen.extend(cuts.iter().filter(|cut| **cut == index).map(|_| (now, held)));
                if let Some(what) = what.get(index) {
                    happen(&mut now, &mut held, *what);
                }
            }
            assert_eq!(judge(seen[0].0, seen[1].1, seen[2].0), None);
        }
    }

    #[test]
    fn in_a_quiet_bucket_one_too_few_or_too_many_is_seen() {
        let quiet = Census { told: 5, most: 5, begun: 9, ended: 4 };
        assert_eq!(judge(quiet, 4, quiet), Some(Wrong::Lacks));
        assert_eq!(judge(quiet, 5, quiet), None);
        assert_eq!(judge(quiet, 6, quiet), Some(Wrong::Extra));
    }
}
