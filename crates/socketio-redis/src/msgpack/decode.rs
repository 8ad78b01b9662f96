//! Bytes to values. Takes whatever it is given; what it makes of it is bounded.

use bytes::Bytes;

use super::timestamp::{date, date_of_millis};
use crate::value::Value;

/// Deepest nesting; JSON is read as deep.
const DEPTH: usize = 120;
/// Most values within: one of a byte takes forty times as much when it is read.
const VALUES: usize = 1 << 20;

/// The value of all these bytes; `None` if they are anything else.
pub fn decode(bytes: &Bytes) -> Option<Value> {
    let mut reader = Reader { bytes, at: 0, left: VALUES };
    let value = reader.value(DEPTH)?;
    (reader.at == bytes.len()).then_some(value)
}

struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
    /// How many more values there may be.
    left: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let marker = self.byte()?;
        let small = usize::from(marker & 0x1f);
        Some(match marker {
            0x00..=0x7f => Value::UInt(marker.into()),
            0x80..=0x8f => self.map(small & 0xf, depth)?,
            0x90..=0x9f => self.array(small & 0xf, depth)?,
            0xa0..=0xbf => self.text(small)?,
            0xc0 => Value::Nil,
            0xc1 => return None,
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4..=0xc6 => {
                let len = self.len(1 << (marker - 0xc4))?;
                Value::Bin(self.take(len)?)
            }
            0xc7..=0xc9 => {
                let len = self.len(1 << (marker - 0xc7))?;
                self.extension(len)?
            }
            0xca => Value::Float(f32::from_be_bytes(self.fixed()?).into()),
            0xcb => Value::Float(f64::from_be_bytes(self.fixed()?)),
            0xcc..=0xcf => Value::UInt(self.number(1 << (marker - 0xcc))?),
            0xd0..=0xd3 => self.signed(1 << (marker - 0xd0))?,
            0xd4..=0xd8 => self.extension(1 << (marker - 0xd4))?,
            0xd9..=0xdb => {
                let len = self.len(1 << (marker - 0xd9))?;
                self.text(len)?
            }
            0xdc..=0xdd => {
                let len = self.len(2 << (marker - 0xdc))?;
                self.array(len, depth)?
            }
            0xde..=0xdf => {
                let len = self.len(2 << (marker - 0xde))?;
                self.map(len, depth)?
            }
            0xe0..=0xff => Value::Int(i64::from(marker) - 0x100),
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, len: usize) -> Option<Bytes> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        let taken = self.bytes.slice(self.at..end);
        self.at = end;
        Some(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.as_ref().try_into().ok()
    }

    /// An unsigned number of so many bytes.
    fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.take(width)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn len(&mut self, width: usize) -> Option<usize> {
        usize::try_from(self.number(width)?).ok()
    }

    fn signed(&mut self, width: usize) -> Option<Value> {
        Some(Value::Int(match width {
            1 => i8::from_be_bytes(self.fixed()?).into(),
            2 => i16::from_be_bytes(self.fixed()?).into(),
            4 => i32::from_be_bytes(self.fixed()?).into(),
            _ => i64::from_be_bytes(self.fixed()?),
        }))
    }

    /// What is no UTF-8 (JavaScript's texts may hold half a character) is replaced.
    fn text(&mut self, len: usize) -> Option<Value> {
        Some(Value::Str(String::from_utf8_lossy(&self.take(len)?).into_owned()))
    }

    /// Space is made as items come, so that a length that lies costs nothing.
    fn array(&mut self, len: usize, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(self.value(depth)?);
        }
        Some(Value::Array(items))
    }

    fn map(&mut self, len: usize, depth: usize) -> Option<Value> {
        let mut fields = Vec::new();
        for _ in 0..len {
            let name = match self.value(depth)? {
                Value::Str(name) => name,
                Value::Int(number) => number.to_string(),
                Value::UInt(number) => number.to_string(),
                _ => return None,
            };
            fields.push((name, self.value(depth)?));
        }
        Some(Value::Map(fields))
    }

    /// Type -1 are dates; 0 are older forms of dates, buffers and `undefined`.
    fn extension(&mut self, len: usize) -> Option<Value> {
        let kind = i8::from_be_bytes(self.fixed()?);
        let mut inside = Reader { bytes: &self.take(len)?, at: 0, left: 0 };
        Some(match (kind, len) {
            (-1, 4) => date(i64::try_from(inside.number(4)?).ok()?, 0),
            (-1, 8) => {
                let both = inside.number(8)?;
                let nanos = u32::try_from(both >> 34).unwrap_or_default();
                date(i64::try_from(both & 0x3_ffff_ffff).ok()?, nanos)
            }
            (-1, 12) => {
                let nanos = u32::from_be_bytes(inside.fixed()?);
                date(i64::from_be_bytes(inside.fixed()?), nanos)
            }
            (0, 1) => Value::Nil,
            (0, 8) => date_of_millis(i64::from_be_bytes(inside.fixed()?)),
            (0, _) => Value::Bin(inside.take(len)?),
            _ => Value::Array(vec![Value::Int(kind.into()), Value::Bin(inside.take(len)?)]),
        })
    }
}
