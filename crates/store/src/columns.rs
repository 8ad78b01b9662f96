//! The columns of a row of either database, by name.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};
use uuid::Uuid;
use zvon_protocol::time::Timestamp;

/// Behind every text that begins with a prefix.
pub(crate) const LAST: char = '\u{10ffff}';

/// A row whose columns can be read by name; what is NULL is `None`.
pub(crate) trait Columns {
    fn uuid(&self, column: &str) -> Result<Option<Uuid>, Error>;
    fn int(&self, column: &str) -> Result<Option<i64>, Error>;
    fn text(&self, column: &str) -> Result<Option<String>, Error>;
    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, Error>;
}

impl Columns for SqliteRow {
    fn uuid(&self, column: &str) -> Result<Option<Uuid>, Error> {
        self.try_get(column)
    }

    fn int(&self, column: &str) -> Result<Option<i64>, Error> {
        self.try_get(column)
    }

    fn text(&self, column: &str) -> Result<Option<String>, Error> {
        self.try_get(column)
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, Error> {
        self.try_get(column)
    }
}

impl Columns for PgRow {
    fn uuid(&self, column: &str) -> Result<Option<Uuid>, Error> {
        self.try_get(column)
    }

    /// Kinds and roles take two bytes there, everything else eight.
    fn int(&self, column: &str) -> Result<Option<i64>, Error> {
        match self.try_get::<Option<i64>, _>(column) {
            Err(Error::ColumnDecode { .. }) => {
                Ok(self.try_get::<Option<i16>, _>(column)?.map(i64::from))
            }
            wide => wide,
        }
    }

    fn text(&self, column: &str) -> Result<Option<String>, Error> {
        self.try_get(column)
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, Error> {
        self.try_get(column)
    }
}

pub(crate) fn some<T>(value: Option<T>, column: &str) -> Result<T, Error> {
    let null = || Error::ColumnDecode { index: column.to_owned(), source: "it is NULL".into() };
    value.ok_or_else(null)
}

/// A column that counts.
pub(crate) fn number(row: &impl Columns, column: &str) -> Result<u64, Error> {
    unsigned(some(row.int(column)?, column)?)
}

/// A count as it is kept, as a number.
pub(crate) fn unsigned(value: i64) -> Result<u64, Error> {
    u64::try_from(value).map_err(|error| Error::Decode(error.into()))
}

/// A number as the database keeps it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn id(row: &impl Columns, column: &str) -> Result<Uuid, Error> {
    some(row.uuid(column)?, column)
}

pub(crate) fn time(row: &impl Columns, column: &str) -> Result<Timestamp, Error> {
    some(row.int(column)?, column).map(Timestamp)
}

pub(crate) fn maybe_time(row: &impl Columns, column: &str) -> Result<Option<Timestamp>, Error> {
    Ok(row.int(column)?.map(Timestamp))
}

pub(crate) fn text(row: &impl Columns, column: &str) -> Result<String, Error> {
    some(row.text(column)?, column)
}

/// All of a result's rows through one of the functions above.
pub(crate) fn all<R: Columns, T>(
    rows: &[R],
    read: impl Fn(&R) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    rows.iter().map(read).collect()
}
