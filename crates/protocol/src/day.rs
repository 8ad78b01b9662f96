//! Days of UTC on the wire: `2026-01-31`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::{date, format_description};
use ts_rs::TS;

use crate::time::Timestamp;

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// Milliseconds of a day.
const MILLIS: i64 = 86_400_000;
const EPOCH: i32 = date!(1970 - 01 - 01).to_julian_day();
/// Those that ten characters can say.
const FIRST: i32 = date!(0000 - 01 - 01).to_julian_day() - EPOCH;
const LAST: i32 = date!(9999 - 12 - 31).to_julian_day() - EPOCH;

/// A day of UTC: days since 1 January 1970, from the year 0 to the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, TS)]
#[ts(export, type = "string")]
pub struct Day(i32);

impl Day {
    /// That of so many days since 1 January 1970, or the nearest that there is.
    #[must_use]
    pub fn new(number: i64) -> Self {
        let number = number.clamp(i64::from(FIRST), i64::from(LAST));
        Self(i32::try_from(number).unwrap_or_default())
    }

    /// That of an instant, or the nearest that there is.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self::new(at.0.div_euclid(MILLIS))
    }

    /// How many days it is since 1 January 1970.
    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// So many days later (earlier, if negative), or the nearest that there is.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self::new(self.number().saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = Date::from_julian_day(self.0 + EPOCH).unwrap_or(Date::MIN);
        let (year, month, day) = date.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a day is written like 2026-01-31";
        // The format would take a sign before the year, too.
        if text.len() != 10 || !text.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(wrong);
        }
        let date = Date::parse(text, FORMAT).map_err(|_| wrong)?;
        Ok(Self(date.to_julian_day() - EPOCH))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date",
            "description": "A day of UTC, like `2026-01-31`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, MILLIS, Timestamp};

    #[test]
    fn a_day_is_written_as_people_do_and_comes_back() {
        for (text, number) in [("1970-01-01", 0), ("1969-12-31", -1), ("2024-02-29", 19_782)] {
            assert_eq!(text.parse(), Ok(Day::new(number)), "{text}");
            assert_eq!(Day::new(number).to_string(), text);
            assert_eq!(Day::of(Timestamp(number * MILLIS)), Day::new(number));
            assert_eq!(Day::of(Timestamp(number * MILLIS + MILLIS - 1)), Day::new(number));
        }
        assert_eq!(serde_json::to_string(&Day::new(1)).unwrap(), "\"1970-01-02\"");
        let wrong =
            ["", "2025-02-29", "2025-13-01", "2025-1-01", "25-01-01", "+025-01-01", "2025-01-01 "];
        for text in wrong {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_far_away_is_the_nearest_day() {
        assert_eq!(Day::of(Timestamp(i64::MAX)).to_string(), "9999-12-31");
        assert_eq!(Day::of(Timestamp(i64::MIN)).to_string(), "0000-01-01");
        assert_eq!(Day::new(0).plus(i64::MAX).plus(1).to_string(), "9999-12-31");
        assert_eq!("9999-12-31".parse(), Ok(Day::new(i64::MAX)));
        assert_eq!("0000-01-01".parse(), Ok(Day::new(i64::MIN)));
    }
}
