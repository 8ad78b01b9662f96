//! Arguments of events and acks: JSON texts as they came, and attachments.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The arguments after the event's name.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// One JSON text each; attachments stand as placeholders.
    pub values: Vec<Box<RawValue>>,
    /// What the placeholders stand for.
    pub attachments: Vec<Bytes>,
}

#[derive(Deserialize)]
struct Placeholder {
    #[serde(rename = "_placeholder")]
    placeholder: bool,
    num: usize,
}

impl Args {
    pub(crate) fn parse(data: &RawValue, attachments: Vec<Bytes>) -> Result<Self, ()> {
        let values = serde_json::from_str(data.get()).map_err(|_| ())?;
        let args = Self { values, attachments };
        if args.has_good_placeholders() { Ok(args) } else { Err(()) }
    }

    /// The argument at `index` as a type; a missing one is `null`.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.values.get(index).map_or("null", |value| value.get()))
    }

    /// The attachment that the argument at `index` is, if it is one.
    #[must_use]
    pub fn binary(&self, index: usize) -> Option<&Bytes> {
        let found: Placeholder = self.get(index).ok()?;
        self.attachments.get(found.num).filter(|_| found.placeholder)
    }

    /// Every placeholder must stand for an attachment.
    fn has_good_placeholders(&self) -> bool {
        let good = |value: &RawValue| {
            !value.get().contains("_placeholder")
                || serde_json::from_str(value.get())
                    .is_ok_and(|value| is_good(&value, self.attachments.len()))
        };
        self.attachments.is_empty() || self.values.iter().all(|value| good(value))
    }
}

fn is_good(value: &serde_json::Value, attachments: usize) -> bool {
    use serde_json::Value;
    match value {
        Value::Array(items) => items.iter().all(|item| is_good(item, attachments)),
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let num = fields.get("num").and_then(Value::as_u64);
            num.is_some_and(|num| num < attachments as u64)
        }
        Value::Object(fields) => fields.values().all(|field| is_good(field, attachments)),
        _ => true,
    }
}

/// Attachments on their way.
pub(crate) struct Assembly {
    missing: usize,
    attachments: Vec<Bytes>,
}

impl Assembly {
    pub(crate) fn new(missing: usize) -> Self {
        Self { missing, attachments: Vec::new() }
    }

    /// Adds one; all of them, when it was the last.
    pub(crate) fn add(&mut self, bytes: Bytes) -> Option<Vec<Bytes>> {
        self.attachments.push(bytes);
        (self.attachments.len() == self.missing).then(|| std::mem::take(&mut self.attachments))
    }
}
