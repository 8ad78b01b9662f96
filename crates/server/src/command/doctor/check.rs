//! One thing that the doctor looked at, and the looks that are the same on every ground.

use serde::Serialize;
use zvon_store::schema::{Schema, Standing};

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// What was looked at.
    pub(crate) name: &'static str,
    /// How it is.
    pub(crate) status: Status,
    /// What was found.
    pub(crate) found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Check {
    pub(crate) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, found: found.into(), advice: None }
    }

    pub(crate) fn warn(
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (found, advice) = (found.into(), Some(advice.into()));
        Self { name, status: Status::Warn, found, advice }
    }

    pub(crate) fn fail(
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { status: Status::Fail, ..Self::warn(name, found, advice) }
    }
}

/// A schema; `changes` says whether the server that asks so may bring it up to date.
pub(crate) fn schema(schema: &Schema, changes: bool) -> Check {
    const NAME: &str = "schema";
    let Schema { version, known, least, .. } = schema;
    let found = format!("version {version}; this program's is {known}");
    match schema.standing() {
        Standing::Same => Check::ok(NAME, format!("version {version}, as this program's")),
        Standing::Ahead => {
            let advice = "a newer program was here; this one may run beside it";
            Check::warn(NAME, found, advice)
        }
        Standing::Beyond => {
            let found = format!("{found}, and {least} is the least that may run on it");
            Check::fail(NAME, found, "use the newer program, or restore a backup of this version")
        }
        Standing::Empty | Standing::Behind if changes => {
            let advice = "the server brings it up to date when it starts; make a backup before";
            Check::warn(NAME, found, advice)
        }
        Standing::Empty | Standing::Behind => {
            let advice = "run `zvon migrate` as who may change it; make a backup before";
            Check::fail(NAME, found, advice)
        }
    }
}

/// How far another machine's clock is ahead of this one's, in ms, known that exactly.
pub(crate) fn skew(whose: &str, ahead: i64, within: i64) -> Check {
    const NAME: &str = "clocks";
    let off = (ahead.abs() - within).max(0);
    let found = format!("{whose}'s is {ahead} ms ahead of this machine's (within {within} ms)");
    let advice = "keep all machines' clocks by NTP";
    match off {
        0..=1000 => Check::ok(NAME, found),
        1001..=15_000 => Check::warn(NAME, found, advice),
        // Nodes believe each other for half a minute.
        _ => Check::fail(NAME, found, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::{Status, schema, skew};
    use zvon_store::schema::Schema;

    #[test]
    fn a_schema_is_brought_up_to_date_by_who_may_and_refused_when_it_says_so() {
        let step =
            || zvon_store::schema::Step { version: 3, name: String::new(), sql: String::new() };
        let of = |version, least, changes| {
            let missing = if version < 3 { vec![step()] } else { Vec::new() };
            schema(&Schema { version, known: 3, least, missing }, changes).status
        };
        assert_eq!(of(3, 0, false), Status::Ok);
        assert_eq!((of(2, 0, true), of(2, 0, false)), (Status::Warn, Status::Fail));
        assert_eq!((of(0, 0, true), of(0, 0, false)), (Status::Warn, Status::Fail));
        assert_eq!((of(4, 0, false), of(4, 3, true)), (Status::Warn, Status::Warn));
        assert_eq!(of(4, 4, true), Status::Fail);
    }

    #[test]
    fn what_a_clock_is_certainly_off_counts() {
        let of = |ahead, within| skew("Redis", ahead, within).status;
        assert_eq!((of(900, 1), of(-900, 1), of(2500, 2000)), (Status::Ok, Status::Ok, Status::Ok));
        assert_eq!((of(2500, 10), of(-14_000, 10)), (Status::Warn, Status::Warn));
        assert_eq!((of(20_000, 10), of(-20_000, 10)), (Status::Fail, Status::Fail));
    }
}
