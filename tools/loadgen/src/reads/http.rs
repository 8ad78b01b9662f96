//! Requests over one connection that is kept.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection to a node.
pub(super) struct Http {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Http {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address, buffer: Vec::new() })
    }

    /// The body of a successful GET.
    pub(super) async fn get(&mut self, token: &str, path: &str) -> Result<Vec<u8>> {
        self.ask("GET", token, path, "").await
    }

    /// The body of a successful POST.
    pub(super) async fn post(&mut self, token: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        self.ask("POST", token, path, body).await
    }

    async fn ask(&mut self, method: &str, token: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "{path}: it was closed");
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).to_lowercase();
        let length = head.split("content-length: ").nth(1).context("an answer without a length")?;
        let length: usize = length.lines().next().unwrap_or_default().trim().parse()?;
        while self.buffer.len() < end + 4 + length {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "{path}: it was cut");
        }
        ensure!(
            head.starts_with("http/1.1 2"),
            "{path}: {}",
            String::from_utf8_lossy(&self.buffer)
        );
        Ok(self.buffer.split_off(end + 4))
    }
}
