//! Values to bytes. Every value can be encoded; what comes out, a JavaScript node can decode.

use crate::value::Value;

/// The largest magnitude up to which JavaScript's numbers are exact.
const SAFE: f64 = 9_007_199_254_740_992.0;

/// The bytes of a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    put(&mut out, value);
    out
}

fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Nil => out.push(0xc0),
        Value::Bool(value) => out.push(0xc2 + u8::from(*value)),
        Value::Int(number) => match u64::try_from(*number) {
            Ok(number) => unsigned(out, number),
            Err(_) => negative(out, *number),
        },
        Value::UInt(number) => unsigned(out, *number),
        Value::Float(number) => float(out, *number),
        Value::Str(text) => {
            head(out, text.len(), &[(32, 0xa0)], &[0xd9, 0xda, 0xdb]);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Bin(bytes) => {
            head(out, bytes.len(), &[], &[0xc4, 0xc5, 0xc6]);
            out.extend_from_slice(bytes);
        }
        Value::Array(items) => {
            head(out, items.len(), &[(16, 0x90)], &[0, 0xdc, 0xdd]);
            items.iter().for_each(|item| put(out, item));
        }
        Value::Map(fields) => {
            head(out, fields.len(), &[(16, 0x80)], &[0, 0xde, 0xdf]);
            for (name, value) in fields {
                head(out, name.len(), &[(32, 0xa0)], &[0xd9, 0xda, 0xdb]);
                out.extend_from_slice(name.as_bytes());
                put(out, value);
            }
        }
    }
}

/// A length: within the marker if it is below the bound, or in 1, 2 or 4 bytes after one (a zero
/// marks a form that there is not). What is 4 GiB long has been refused long before.
fn head(out: &mut Vec<u8>, len: usize, fixed: &[(usize, u8)], [one, two, four]: &[u8; 3]) {
    if let Some((_, marker)) = fixed.iter().find(|(bound, _)| len < *bound) {
        out.push(marker | low(len as u64));
    } else if *one != 0 && len <= 0xff {
        out.extend_from_slice(&[*one, low(len as u64)]);
    } else if let Ok(len) = u16::try_from(len) {
        out.push(*two);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(*four);
        out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
    }
}

fn low(number: u64) -> u8 {
    number.to_be_bytes()[7]
}

fn unsigned(out: &mut Vec<u8>, number: u64) {
    let bytes = number.to_be_bytes();
    match number {
        0..=0x7f => out.push(low(number)),
        0x80..=0xff => out.extend_from_slice(&[0xcc, low(number)]),
        0x100..=0xffff => tagged(out, 0xcd, &bytes[6..]),
        0x1_0000..=0xffff_ffff => tagged(out, 0xce, &bytes[4..]),
        _ => tagged(out, 0xcf, &bytes),
    }
}

fn negative(out: &mut Vec<u8>, number: i64) {
    let bytes = number.to_be_bytes();
    match number {
        -0x20.. => out.push(bytes[7]),
        -0x80.. => out.extend_from_slice(&[0xd0, bytes[7]]),
        -0x8000.. => tagged(out, 0xd1, &bytes[6..]),
        -0x8000_0000.. => tagged(out, 0xd2, &bytes[4..]),
        _ => tagged(out, 0xd3, &bytes),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
fn float(out: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() < SAFE {
        put(out, &Value::Int(number as i64));
    } else {
        tagged(out, 0xcb, &number.to_be_bytes());
    }
}

fn tagged(out: &mut Vec<u8>, marker: u8, bytes: &[u8]) {
    out.push(marker);
    out.extend_from_slice(bytes);
}
