//! A Socket.IO client: connect with a token, call with an ack, hear events.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::rest::Person;
use crate::wire::Wire;

/// One signed-in connection.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    next_ack: u64,
}

/// What a frame is to a client under load.
pub(crate) enum Heard<'a> {
    /// The answer to the call of that number: a JSON array.
    Ack(u64, &'a [u8]),
    /// An event: a JSON array that begins with its name.
    Event(&'a [u8]),
    /// The server asks whether one is there.
    Ping,
    /// Anything else.
    Other,
}

/// Reads a frame.
pub(crate) fn hear(frame: &[u8]) -> Heard<'_> {
    match frame {
        [b'2'] => Heard::Ping,
        [b'4', b'2', rest @ ..] => Heard::Event(rest),
        [b'4', b'3', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let number = rest[..digits].iter().fold(0, |sum, d| sum * 10 + u64::from(d - b'0'));
            Heard::Ack(number, &rest[digits..])
        }
        _ => Heard::Other,
    }
}

impl Client {
    /// Connects as somebody.
    pub(crate) async fn connect(
        server: SocketAddr,
        source: SocketAddr,
        person: &Person,
    ) -> Result<Self> {
        let mut wire = Wire::connect(server, source).await?;
        wire.queue(&format!("40{{\"token\":\"{}\"}}", person.token));
        wire.flush().await?;
        let mut admitted = false;
        while !admitted {
            wire.fill().await?;
            wire.frames(|frame| {
                ensure!(!frame.starts_with(b"44"), "{}", String::from_utf8_lossy(frame));
                admitted |= frame.starts_with(b"40");
                Ok(())
            })?;
        }
        Ok(Self { wire, next_ack: 0 })
    }

    /// Queues a call; the number of its answer.
    pub(crate) fn call(&mut self, event: &str, payload: &str) -> u64 {
        let number = self.next_ack;
        self.next_ack += 1;
        self.wire.queue(&format!("42{number}[\"{event}\",{payload}]"));
        number
    }

    /// Calls and waits for the answer.
    pub(crate) async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value> {
        let asked = self.call(event, &payload.to_string());
        self.wire.flush().await?;
        loop {
            let mut answer = None;
            let mut pinged = false;
            self.wire.frames(|frame| {
                match hear(frame) {
                    Heard::Ack(number, body) if number == asked => {
                        answer = Some(serde_json::from_slice::<Vec<Value>>(body)?);
                    }
                    Heard::Ping => pinged = true,
                    _ => {}
                }
                Ok(())
            })?;
            if pinged {
                self.pong().await?;
            }
            if let Some(answer) = answer {
                let answer = answer.into_iter().next().context("an empty answer")?;
                ensure!(answer["status"] != "error", "{event}: {answer}");
                return Ok(answer);
            }
            self.wire.fill().await?;
        }
    }

    /// Says that one is there.
    pub(crate) async fn pong(&mut self) -> Result<()> {
        self.wire.queue("3");
        self.wire.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::{Heard, hear};

    #[test]
    fn frames_are_told_apart() {
        assert!(matches!(hear(b"2"), Heard::Ping));
        assert!(matches!(hear(b"42[\"message\",{}]"), Heard::Event(b"[\"message\",{}]")));
        assert!(matches!(hear(b"43120[{}]"), Heard::Ack(120, b"[{}]")));
        assert!(matches!(hear(b"40{}"), Heard::Other));
        assert!(matches!(hear(b""), Heard::Other));
    }
}
