//! Spans of time as people write them: `10s`, `500ms`, `12h`, `1d`; a bare number is milliseconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().ok()?;
        let unit = match text[digits..].trim() {
            "" | "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.checked_mul(unit).map(|millis| Self(Duration::from_millis(millis)))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong =
            || D::Error::custom("a time is written like \"10s\", \"500ms\", \"12h\" or \"1d\"");
        match Written::deserialize(deserializer).map_err(|_| wrong())? {
            Written::Number(millis) => Ok(Self(Duration::from_millis(millis))),
            Written::Text(text) => Self::parse(&text).ok_or_else(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Span};

    #[test]
    fn is_read_as_people_write_it() {
        let millis = |text| Span::parse(text).map(|span| span.0);
        assert_eq!(millis("1d"), Some(Duration::from_secs(86_400)));
        assert_eq!(millis("12 h"), Some(Duration::from_secs(43_200)));
        assert_eq!(millis("250"), Some(Duration::from_millis(250)));
        for wrong in ["", "s", "1w", "-1s", "99999999999999999999d"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }
}
