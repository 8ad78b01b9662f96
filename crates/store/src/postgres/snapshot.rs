//! What a place in the outbox is on PostgreSQL: a snapshot. Pure.
//!
//! A snapshot says of every transaction whether its rows are seen: those of numbers below `xmax` that
//! were not running (`xip`). So whoever read all that one snapshot shows has to read, next, what
//! another one shows and that one does not: the rows of the transactions that ran then and have
//! ended, which are few, and of those that began later. What lies between two snapshots may be
//! much, and is read in pages by id, up to a fixed second snapshot.

use std::fmt::{self, Write};

use zvon_core::outbox::store::Bookmark;
use zvon_core::store::{StoreError, StoreResult};

/// Which transactions are seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// All before it had ended.
    pub(super) xmin: i64,
    /// None from here on had begun.
    pub(super) xmax: i64,
    /// Those between them that ran.
    pub(super) xip: Vec<i64>,
}

/// How far the outbox was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// All that it shows was read.
    pub(super) base: Snapshot,
    /// What is being read beyond that, if it is not read to its end.
    pub(super) part: Option<Part>,
    /// The greatest id that was read.
    pub(super) top: i64,
}

/// What is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Up to what this shows,
    pub(super) target: Snapshot,
    /// by id, up to this one.
    pub(super) last: i64,
    /// Rows of transactions that began after the base have ids from here on.
    pub(super) low: i64,
}

impl Snapshot {
    /// As PostgreSQL writes it: `xmin:xmax:xip,xip`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let number = |text: Option<&str>| text?.parse().ok();
        let (xmin, xmax) = (number(parts.next())?, number(parts.next())?);
        let running = parts.next()?.split(',').filter(|text| !text.is_empty());
        let xip = running.map(|text| text.parse().ok()).collect::<Option<_>>()?;
        parts.next().is_none().then_some(Self { xmin, xmax, xip })
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.xmin, self.xmax)?;
        for (index, running) in self.xip.iter().enumerate() {
            write!(f, "{}{running}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Place {
    /// Out of a bookmark.
    pub(super) fn read(from: &Bookmark) -> StoreResult<Self> {
        if from.0.is_empty() {
            return Ok(Self::default());
        }
        let broken = || StoreError::Broken(format!("`{}` is no place in the outbox", from.0));
        Self::parse(&from.0).ok_or_else(broken)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (top, base) = (words.next()?.parse().ok()?, Snapshot::parse(words.next()?)?);
        let part = match words.next() {
            None => None,
            Some(target) => Some(Part {
                target: Snapshot::parse(target)?,
                last: words.next()?.parse().ok()?,
                low: words.next()?.parse().ok()?,
            }),
        };
        words.next().is_none().then_some(Self { base, part, top })
    }

    /// As a bookmark.
    pub(super) fn bookmark(&self) -> Bookmark {
        let mut text = format!("{} {}", self.top, self.base);
        if let Some(Part { target, last, low }) = &self.part {
            let _ = write!(text, " {target} {last} {low}");
        }
        Bookmark(text)
    }

    /// Rows of transactions before it were all read.
    pub(super) fn mark(&self) -> i64 {
        self.base.xmin
    }
}

#[cfg(test)]
mod tests {
    use super::{Bookmark, Part, Place, Snapshot};

    #[test]
    fn a_place_comes_back_from_its_bookmark() {
        let base = Snapshot::parse("10:20:10,14,15").unwrap();
        assert_eq!(base, Snapshot { xmin: 10, xmax: 20, xip: vec![10, 14, 15] });
        let target = Snapshot::parse("30:30:").unwrap();
        for part in [None, Some(Part { target, last: 7, low: -1 })] {
            let place = Place { base: base.clone(), part, top: 9 };
            assert_eq!(Place::read(&place.bookmark()).unwrap(), place);
        }
        assert_eq!(Place::read(&Bookmark::default()).unwrap(), Place::default());
        for broken in ["7", "x 1:2:", "1 1:2", "1 1:2:3,x", "1 1:2: 3:4:", "1 1:2: 3:4: 5 6 7"] {
            assert!(Place::read(&Bookmark(broken.to_owned())).is_err(), "{broken}");
        }
    }
}
