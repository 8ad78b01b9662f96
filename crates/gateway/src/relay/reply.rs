//! An answer within an answer. The owner of a session says at once that it has the request (the
//! outer head, with the proof), and what it answers when it knows: status, headers and body, as
//! one text in the outer body. So a node that is frozen is told from a poll that waits.
//!
//! The text: the status, then each header as `name: value`, a line each; an empty line; the body.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::sign::PROOF;

/// Writes an answer.
pub(super) fn encode(answer: &Response<Bytes>) -> Bytes {
    let mut text = BytesMut::with_capacity(512 + answer.body().len());
    text.extend_from_slice(answer.status().as_str().as_bytes());
    text.extend_from_slice(b"\n");
    for (name, value) in answer.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"] {
            text.extend_from_slice(part);
        }
    }
    text.extend_from_slice(b"\n");
    text.extend_from_slice(answer.body());
    text.freeze()
}

/// Reads one; `None` if it is none.
pub(super) fn decode(mut text: Bytes) -> Option<Response<Bytes>> {
    let status = line(&mut text)?;
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::from_bytes(&status).ok()?;
    loop {
        let line = line(&mut text)?;
        if line.is_empty() {
            break;
        }
        let colon = line.windows(2).position(|pair| pair == b": ")?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        answer.headers_mut().append(name, HeaderValue::from_bytes(&line[colon + 2..]).ok()?);
    }
    *answer.body_mut() = text;
    Some(answer)
}

/// Takes out what is between the two nodes alone.
pub(super) fn strip(headers: &mut HeaderMap) {
    for name in [PROOF, CONTENT_LENGTH, TRANSFER_ENCODING, DATE] {
        headers.remove(name);
    }
}

/// The text up to the end of its first line, which is taken off it.
fn line(text: &mut Bytes) -> Option<Bytes> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let line = text.split_to(end);
    let _ = text.split_to(1);
    Some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bytes, HeaderName, HeaderValue, Response, StatusCode, decode, encode};

    proptest! {
        #[test]
        fn is_read_as_it_was_written(
            status in 200..600_u16,
            headers in prop::collection::vec(("[a-z][a-z-]{0,20}", "[!-~][ -~]{0,30}"), 0..8),
            body: Vec<u8>,
        ) {
            let mut answer = Response::new(Bytes::from(body));
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            for (name, value) in &headers {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                answer.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
            }
            let read = decode(encode(&answer)).unwrap();
            prop_assert_eq!(read.status(), answer.status());
            prop_assert_eq!(read.headers(), answer.headers());
            prop_assert_eq!(read.body(), answer.body());
        }

        #[test]
        fn any_bytes_are_read_without_a_fault(bytes: Vec<u8>) {
            let _ = decode(Bytes::from(bytes));
        }
    }

    #[test]
    fn what_breaks_off_is_no_answer() {
        for text in
            ["", "200", "200\n", "200\na: b\n", "200\na\n\n", "20\n\n", "200\nb\u{fc}: c\n\n"]
        {
            assert!(decode(Bytes::from(text)).is_none(), "{text:?}");
        }
    }
}
