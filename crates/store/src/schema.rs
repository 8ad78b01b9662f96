//! The schema as steps, and which program may run on which of them. Pure.
//!
//! Programs of two neighbouring versions run on one database while one replaces the other, or when
//! an upgrade is taken back. So a step only adds (expand), and a program runs on a schema with later
//! steps than it knows. What the older one needs goes away a version later (contract); that step also
//! writes into `meta` the least version of the schema (`least_known`) that a program must know from
//! then on, and older ones refuse to start. Both databases keep to it.

use sqlx::migrate::Migrator;
use zvon_core::store::{StoreError, StoreResult};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its place: 1, 2, 3 …
    pub version: i64,
    /// What it is about, in a few words.
    pub name: String,
    /// Its statements.
    pub sql: String,
}

/// A database's schema beside this program's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The version of the last step that was applied; 0 without any.
    pub version: i64,
    /// The version of this program's last step.
    pub known: i64,
    /// The least version that a program must know to run on it.
    pub least: i64,
    /// This program's steps that were not applied.
    pub missing: Vec<Step>,
}

/// How a database's schema stands to this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is none yet.
    Empty,
    /// Steps are missing.
    Behind,
    /// It is this program's.
    Same,
    /// It has later steps, and this program may run on it.
    Ahead,
    /// It has later steps, and needs a program that knows them.
    Beyond,
}

impl Schema {
    /// What `applied` steps and `least_known`, if it is written, mean to who knows these steps.
    pub(crate) fn of(steps: &Migrator, applied: &[i64], least: Option<&str>) -> Self {
        let is_missing = |version: &i64| !applied.contains(version);
        let missing = steps.iter().filter(|step| is_missing(&step.version)).map(|step| Step {
            version: step.version,
            name: step.description.to_string(),
            sql: step.sql.as_str().to_owned(),
        });
        Self {
            version: applied.iter().copied().max().unwrap_or_default(),
            known: steps.iter().map(|step| step.version).max().unwrap_or_default(),
            // What cannot be read was not written for this program.
            least: least.map_or(0, |text| text.parse().unwrap_or(i64::MAX)),
            missing: missing.collect(),
        }
    }

    /// Whether this step of the program's was not applied.
    pub(crate) fn misses(&self, version: i64) -> bool {
        self.missing.iter().any(|step| step.version == version)
    }

    /// How it stands to this program's.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.least > self.known {
            Standing::Beyond
        } else if self.version == 0 {
            Standing::Empty
        } else if !self.missing.is_empty() {
            Standing::Behind
        } else if self.version > self.known {
            Standing::Ahead
        } else {
            Standing::Same
        }
    }

    /// Whether this program may run on it once the missing steps are applied.
    ///
    /// # Errors
    /// When it needs a newer program.
    pub fn check_least(&self) -> StoreResult<()> {
        if self.standing() != Standing::Beyond {
            return Ok(());
        }
        let Self { least, known, .. } = self;
        Err(StoreError::Broken(format!(
            "the database needs a program that knows version {least} of its schema, and this one \
             knows {known}: start a newer one"
        )))
    }

    /// Whether this program may run on it as it is.
    ///
    /// # Errors
    /// When steps are missing, or it needs a newer program.
    pub fn check(&self) -> StoreResult<()> {
        self.check_least()?;
        if self.missing.is_empty() {
            return Ok(());
        }
        let Self { version, known, .. } = self;
        Err(StoreError::Broken(format!(
            "its schema is version {version} and this program's is {known}: `zvon migrate` brings it \
             up to date, or use the program of the running server"
        )))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Schema, Standing};

    static STEPS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

    fn known() -> Vec<i64> {
        STEPS.iter().map(|step| step.version).collect()
    }

    fn standing(applied: &[i64], least: Option<&str>) -> Standing {
        Schema::of(&STEPS, applied, least).standing()
    }

    #[test]
    fn a_newer_schema_is_good_until_it_says_otherwise() {
        let (all, newest) = (known(), *known().last().unwrap());
        let later: Vec<_> = all.iter().copied().chain([newest + 7]).collect();
        assert_eq!(standing(&[], None), Standing::Empty);
        assert_eq!(standing(&all[..all.len() - 1], None), Standing::Behind);
        assert_eq!(standing(&all, None), Standing::Same);
        assert_eq!(standing(&later, None), Standing::Ahead);
        assert_eq!(standing(&later, Some(&newest.to_string())), Standing::Ahead);
        assert_eq!(standing(&later, Some(&(newest + 7).to_string())), Standing::Beyond);
        assert_eq!(standing(&later, Some("what is this")), Standing::Beyond);
    }

    proptest! {
        #[test]
        fn who_runs_knows_what_is_asked_and_misses_nothing(
            applied in proptest::collection::btree_set(1_i64..20, 0..20),
            least in proptest::option::of(0_i64..20),
        ) {
            let applied: Vec<_> = applied.into_iter().collect();
            let least_text = least.map(|least| least.to_string());
            let schema = Schema::of(&STEPS, &applied, least_text.as_deref());
            let has_all = known().iter().all(|version| applied.contains(version));
            let is_known = least.is_none_or(|least| least <= schema.known);
            prop_assert_eq!(schema.check().is_ok(), has_all && is_known);
            prop_assert_eq!(schema.check_least().is_ok(), is_known);
            let runs = matches!(schema.standing(), Standing::Same | Standing::Ahead);
            prop_assert_eq!(runs, has_all && is_known);
        }
    }
}
