//! Whether rows are a chain. Pure: rows come in, in the order of their numbers.

use super::{Head, Row, chain};

/// Where a chain is broken first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the row.
    pub seq: u64,
    /// What is wrong there, for a person to read.
    pub why: &'static str,
}

/// How far a chain was followed.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    at: Head,
    noted: Option<Head>,
}

impl Verifier {
    /// From the beginning; a head that was noted once must be in it.
    #[must_use]
    pub fn new(noted: Option<Head>) -> Self {
        Self { at: Head::START, noted }
    }

    /// Where it stands.
    #[must_use]
    pub fn at(&self) -> Head {
        self.at
    }

    /// The next row.
    ///
    /// # Errors
    /// When it does not follow.
    pub fn check(&mut self, row: &Row) -> Result<(), Fault> {
        let fault = |seq, why| Err(Fault { seq, why });
        let expected = self.at.seq + 1;
        if row.seq != expected {
            return fault(expected, "the row is not there");
        }
        if row.former != self.at.hash {
            return fault(row.seq, "it does not follow the row before it");
        }
        if row.hash != chain::seal(row.seq, row.former, &row.entry) {
            return fault(row.seq, "it was changed");
        }
        self.at = Head { seq: row.seq, hash: row.hash };
        match self.noted {
            Some(noted) if noted.seq == row.seq && noted.hash != row.hash => {
                fault(row.seq, "it is not the one whose hash was noted")
            }
            _ => Ok(()),
        }
    }

    /// There are no more rows; the store says that this is the last one.
    ///
    /// # Errors
    /// When rows are missing at the end.
    pub fn end(&self, head: Head) -> Result<(), Fault> {
        let noted = self.noted.map_or(0, |noted| noted.seq);
        let last = head.seq.max(noted);
        if self.at.seq < last {
            return Err(Fault { seq: self.at.seq + 1, why: "the row is not there" });
        }
        if self.at.seq > head.seq || self.at.hash != head.hash {
            return Err(Fault { seq: self.at.seq, why: "the head is another one" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
    use uuid::Uuid;
    use zvon_protocol::ids::UserId;
    use zvon_protocol::record::Outcome;
    use zvon_protocol::time::Timestamp;

    use super::super::{Entry, Head, Row};
    use super::{Fault, Verifier};

    fn entry(number: usize) -> Entry {
        Entry {
            event_id: format!("e{number}"),
            at: Timestamp(number as i64),
            actor: None,
            user: Some(UserId(Uuid::nil())),
            action: "session.started".to_owned(),
            resource: "session".to_owned(),
            resource_id: number.to_string(),
            outcome: Outcome::Success,
            address: Some("192.0.2.1".to_owned()),
            device: None,
            details: None,
        }
    }

    fn chain(length: usize) -> (Vec<Row>, Head) {
        let mut head = Head::START;
        let rows = (0..length).map(|number| head.append(entry(number))).collect();
        (rows, head)
    }

    fn verify(rows: &[Row], head: Head, noted: Option<Head>) -> Result<(), Fault> {
        let mut verifier = Verifier::new(noted);
        rows.iter().try_for_each(|row| verifier.check(row))?;
        verifier.end(head)
    }

    fn change(entry: &mut Entry, which: usize) {
        match which % 12 {
            0 => entry.event_id.push('x'),
            1 => entry.at.0 += 1,
            2 => entry.actor = Some(UserId(Uuid::nil())),
            3 => entry.user = None,
            4 => entry.action.push('x'),
            5 => entry.resource.push('x'),
            6 => entry.resource_id.push('x'),
            7 => entry.outcome = Outcome::Failure,
            8 => entry.address = None,
            9 => entry.device = Some(String::new()),
            10 => entry.details = Some(String::new()),
            // What moves from one field into the next.
            _ => {
                let last = entry.action.pop().unwrap();
                entry.resource.insert(0, last);
            }
        }
    }

    fn places() -> impl Strategy<Value = (usize, prop::sample::Index, prop::sample::Index)> {
        (1_usize..30, any::<prop::sample::Index>(), any::<prop::sample::Index>())
    }

    proptest! {
        #[test]
        fn a_changed_row_is_named((length, place, _) in places(), which in 0_usize..12) {
            let (mut rows, head) = chain(length);
            prop_assert_eq!(verify(&rows, head, Some(head)), Ok(()));
            let at = place.index(length);
            change(&mut rows[at].entry, which);
            let fault = Fault { seq: at as u64 + 1, why: "it was changed" };
            prop_assert_eq!(verify(&rows, head, None), Err(fault));
        }

        #[test]
        fn a_row_that_is_gone_is_named((length, place, _) in places()) {
            let (mut rows, head) = chain(length);
            let at = place.index(length);
            rows.remove(at);
            prop_assert_eq!(verify(&rows, head, None).unwrap_err().seq, at as u64 + 1);
        }

        #[test]
        fn rows_that_changed_places_are_named((length, one, other) in places()) {
            let (mut rows, head) = chain(length);
            let (one, other) = (one.index(length), other.index(length));
            rows.swap(one, other);
            for (index, row) in rows.iter_mut().enumerate() {
                row.seq = index as u64 + 1;
            }
            let first = one.min(other) as u64 + 1;
            let verified = verify(&rows, head, None);
            prop_assert_eq!(verified.map_err(|fault| fault.seq), if one == other { Ok(()) } else { Err(first) });
        }

        #[test]
        fn who_makes_all_hashes_anew_is_found_by_a_noted_head((length, place, _) in places()) {
            let (rows, noted) = chain(length);
            let at = place.index(length);
            let (mut forged, mut head) = (Vec::new(), Head::START);
            for (index, mut row) in rows.into_iter().enumerate() {
                if index == at {
                    row.entry.action = "nothing.happened".to_owned();
                }
                forged.push(head.append(row.entry));
            }
            prop_assert_eq!(verify(&forged, head, None), Ok(()), "by itself it is a chain");
            prop_assert_eq!(verify(&forged, head, Some(noted)).unwrap_err().seq, length as u64);
            // And who takes the last ones away.
            forged.truncate(at);
            let short = forged.last().map_or(Head::START, |row| Head { seq: row.seq, hash: row.hash });
            prop_assert!(verify(&forged, short, None).is_ok());
            prop_assert_eq!(verify(&forged, short, Some(noted)).unwrap_err().seq, at as u64 + 1);
        }
    }
}
