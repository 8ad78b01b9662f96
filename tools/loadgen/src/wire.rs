//! A WebSocket client that costs next to nothing, so that what is measured is the server.
//!
//! Text frames only, masked with zeros; what comes is handed out where it lies in the buffer.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const UPGRADE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: load\r\n\
    connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// How much is read at once.
const READ: usize = 64 * 1024;
const FINAL_TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
}

impl Wire {
    /// Connects from `source` and upgrades.
    pub(crate) async fn connect(server: SocketAddr, source: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(source)?;
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let mut wire = Self { stream, inbox: Vec::new(), outbox: UPGRADE.as_bytes().to_vec() };
        wire.flush().await?;
        loop {
            wire.fill().await?;
            let end = wire.inbox.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                ensure!(wire.inbox.starts_with(b"HTTP/1.1 101"), "the upgrade was refused");
                wire.inbox.drain(..end + 4);
                return Ok(wire);
            }
        }
    }

    /// Queues a text frame.
    pub(crate) fn queue(&mut self, text: &str) {
        let length = text.len();
        self.outbox.push(FINAL_TEXT);
        match u16::try_from(length) {
            Ok(short @ ..126) => self.outbox.push(MASKED | short.to_le_bytes()[0]),
            Ok(medium) => {
                self.outbox.push(MASKED | 126);
                self.outbox.extend(medium.to_be_bytes());
            }
            Err(_) => {
                self.outbox.push(MASKED | 127);
                self.outbox.extend((length as u64).to_be_bytes());
            }
        }
        self.outbox.extend([0; 4]);
        self.outbox.extend(text.as_bytes());
    }

    /// Writes what is queued.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.outbox).await?;
        self.outbox.clear();
        Ok(())
    }

    /// Waits for bytes.
    pub(crate) async fn fill(&mut self) -> Result<()> {
        self.inbox.reserve(READ);
        let read = self.stream.read_buf(&mut self.inbox).await?;
        ensure!(read > 0, "the server closed a connection");
        Ok(())
    }

    /// Hands each whole frame that is there to `take`.
    pub(crate) fn frames(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut start = 0;
        while let Some((head, length)) = frame(&self.inbox[start..])? {
            let end = start + head + length;
            let Some(text) = self.inbox.get(start + head..end) else { break };
            take(text)?;
            start = end;
        }
        self.inbox.drain(..start);
        Ok(())
    }

    /// Waits for bytes without holding memory meanwhile.
    pub(crate) async fn doze(&mut self) -> Result<()> {
        self.inbox.shrink_to_fit();
        self.outbox.shrink_to_fit();
        self.stream.readable().await?;
        self.fill().await
    }
}

/// The lengths of the next frame's head and payload, if its head is there.
fn frame(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let [first, second, ..] = bytes else { return Ok(None) };
    ensure!(*first == FINAL_TEXT, "not a whole text frame: {first:#x}");
    let long = |head: usize| bytes.get(2..head).map(|length| (head, number(length)));
    match second {
        0..126 => Ok(Some((2, usize::from(*second)))),
        126 => Ok(long(4)),
        127 => Ok(long(10)),
        _ => bail!("a server does not mask"),
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::frame;

    #[test]
    fn heads_of_all_lengths_are_read_and_halves_waited_for() {
        let read = |bytes: &[u8]| frame(bytes).unwrap();
        assert_eq!(read(&[0x81, 5]), Some((2, 5)));
        assert_eq!(read(&[0x81, 126, 1, 2]), Some((4, 258)));
        assert_eq!(read(&[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 2]), Some((10, 65_538)));
        for half in [&[0x81][..], &[0x81, 126, 1], &[0x81, 127, 0, 0, 0], &[]] {
            assert_eq!(read(half), None, "{half:?}");
        }
        assert!(frame(&[0x88, 0]).is_err(), "a close is no text");
        assert!(frame(&[0x81, 0x85]).is_err(), "a server does not mask");
    }
}
