//! A value that keeps binary apart from text, between JSON and `MessagePack`.
//!
//! In JSON texts a binary value stands as the placeholder that Socket.IO uses for attachments,
//! `{"_placeholder":true,"num":N}`; both directions go through here.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::mend;

/// A value. The entries of a map keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Nil,
    /// Yes or no.
    Bool(bool),
    /// A whole number below zero, or any that fits.
    Int(i64),
    /// A whole number.
    UInt(u64),
    /// Another number.
    Float(f64),
    /// A text.
    Str(String),
    /// Bytes.
    Bin(Bytes),
    /// A list.
    Array(Vec<Value>),
    /// Named values.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// Reads a JSON text whose placeholders stand for attachments. `None` if it is no JSON, or
    /// a placeholder stands for nothing.
    pub fn from_json(text: &str, attachments: &[Bytes]) -> Option<Self> {
        let read = serde_json::from_str::<Self>(text);
        let mut value = read.or_else(|_| serde_json::from_str(&mend::halves(text))).ok()?;
        value.fill(attachments).then_some(value)
    }

    /// A JSON text, and what the placeholders in it stand for. `None` if a map already looks like
    /// a placeholder: no client could tell them apart.
    pub fn into_json(mut self) -> Option<(String, Vec<Bytes>)> {
        let mut attachments = Vec::new();
        self.empty(&mut attachments).then_some(())?;
        Some((serde_json::to_string(&self).ok()?, attachments))
    }

    /// Puts attachments where placeholders stand.
    fn fill(&mut self, attachments: &[Bytes]) -> bool {
        if self.is_placeholder() {
            let found = self.field("num").and_then(Self::index).and_then(|n| attachments.get(n));
            let Some(found) = found else { return false };
            *self = Self::Bin(found.clone());
            return true;
        }
        match self {
            Self::Array(items) => items.iter_mut().all(|item| item.fill(attachments)),
            Self::Map(fields) => fields.iter_mut().all(|(_, field)| field.fill(attachments)),
            _ => true,
        }
    }

    /// Puts placeholders where bytes are.
    fn empty(&mut self, attachments: &mut Vec<Bytes>) -> bool {
        if self.is_placeholder() {
            return false;
        }
        match self {
            Self::Bin(bytes) => {
                let num = Self::UInt(attachments.len() as u64);
                attachments.push(std::mem::take(bytes));
                let mark = ("_placeholder".to_owned(), Self::Bool(true));
                *self = Self::Map(vec![mark, ("num".to_owned(), num)]);
                true
            }
            Self::Array(items) => items.iter_mut().all(|item| item.empty(attachments)),
            Self::Map(fields) => fields.iter_mut().all(|(_, field)| field.empty(attachments)),
            _ => true,
        }
    }

    fn is_placeholder(&self) -> bool {
        self.field("_placeholder") == Some(&Self::Bool(true))
    }

    /// The field of that name; the last, as in JavaScript.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Self::Map(fields) = self else { return None };
        fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn index(&self) -> Option<usize> {
        match self {
            Self::Int(number) => usize::try_from(*number).ok(),
            Self::UInt(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::UInt(number) => serializer.serialize_u64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Bin(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::UInt(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Str(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Str(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(field) = fields.next_entry()? {
            all.push(field);
        }
        Ok(Value::Map(all))
    }
}
