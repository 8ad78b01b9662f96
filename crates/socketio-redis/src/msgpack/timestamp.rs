//! Dates: what clients get for them, since their encoding is JSON.

use time::OffsetDateTime;

use crate::value::Value;

/// The text of a JavaScript date, `2023-11-14T22:13:20.123Z`; nothing if it is none.
pub(super) fn date(seconds: i64, nanos: u32) -> Value {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds) else { return Value::Nil };
    let year = match at.year() {
        year @ 0..=9999 => format!("{year:04}"),
        year @ ..0 => format!("-{:06}", year.unsigned_abs()),
        year => format!("+{year:06}"),
    };
    let (month, day) = (u8::from(at.month()), at.day());
    let (hour, minute, second) = at.to_hms();
    let millis = nanos / 1_000_000 % 1000;
    Value::Str(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"))
}

/// The same, from milliseconds.
pub(super) fn date_of_millis(millis: i64) -> Value {
    let rest = u32::try_from(millis.rem_euclid(1000)).unwrap_or_default();
    date(millis.div_euclid(1000), rest * 1_000_000)
}
