//! A WebSocket client.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::soon;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Text(String),
    Binary(Vec<u8>),
    /// A close frame, with its code if it had one.
    Close(Option<u16>),
    /// The end, without a close frame.
    Gone,
}

pub struct Ws(WebSocketStream<TcpStream>);

impl Ws {
    /// Shakes hands; the refusal's status and body if there is one.
    pub async fn dial(addr: SocketAddr, target: &str) -> Result<Self, (u16, String)> {
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        Self::over(stream, target).await
    }

    /// With so small a window that the server soon cannot write if nobody reads.
    pub async fn dial_narrow(addr: SocketAddr, target: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small window");
        let stream = socket.connect(addr).await.expect("the server listens");
        Self::over(stream, target).await.expect("it is let in")
    }

    async fn over(stream: TcpStream, target: &str) -> Result<Self, (u16, String)> {
        let url = format!("ws://test{target}");
        match soon(tokio_tungstenite::client_async(url, stream)).await {
            Ok((ws, _)) => Ok(Self(ws)),
            Err(Error::Http(answer)) => {
                let body = answer.body().clone().unwrap_or_default();
                Err((answer.status().as_u16(), String::from_utf8(body).expect("text")))
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is open");
    }

    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.expect("it is open");
    }

    /// Sends if it still can.
    pub async fn try_send(&mut self, text: &str) -> bool {
        self.0.send(Message::text(text)).await.is_ok()
    }

    pub async fn try_send_binary(&mut self, bytes: &[u8]) -> bool {
        self.0.send(Message::binary(bytes.to_vec())).await.is_ok()
    }

    pub async fn next(&mut self) -> Got {
        loop {
            return match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => Got::Text(text.to_string()),
                Some(Ok(Message::Binary(bytes))) => Got::Binary(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => Got::Close(frame.map(|f| f.code.into())),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Got::Gone,
            };
        }
    }

    /// The next text; anything else is wrong.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Got::Text(text) => text,
            other => panic!("a text was expected, not {other:?}"),
        }
    }

    /// Reads until the end; what it was.
    pub async fn end(&mut self) -> Got {
        loop {
            match self.next().await {
                Got::Text(_) | Got::Binary(_) => {}
                end => return end,
            }
        }
    }

    /// Whether it is still answered, whatever else comes.
    pub async fn is_served(&mut self) -> bool {
        if !self.try_send("42[\"alive?\"]").await {
            return false;
        }
        loop {
            match self.next().await {
                Got::Text(text) if text.starts_with("42[\"alive?\"") => return true,
                Got::Text(_) | Got::Binary(_) => {}
                _ => return false,
            }
        }
    }
}
