//! A Socket.IO client on a WebSocket.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::soon;

pub struct Client {
    pub id: String,
    ws: WebSocketStream<TcpStream>,
}

impl Client {
    pub async fn dial(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        let url = "ws://test/socket.io/?EIO=4&transport=websocket";
        let (ws, _) = soon(tokio_tungstenite::client_async(url, stream)).await.expect("let in");
        let mut client = Self { id: String::new(), ws };
        assert!(client.next().await.starts_with("0{"));
        client.send("40").await;
        let welcome = client.next().await;
        let welcome: serde_json::Value =
            serde_json::from_str(welcome.strip_prefix("40").expect("CONNECT")).expect("JSON");
        client.id = welcome["sid"].as_str().expect("an id").to_owned();
        client
    }

    pub async fn send(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.expect("it is open");
    }

    /// The next text or, in hexadecimal digits, binary; nothing at the end.
    pub async fn next(&mut self) -> String {
        loop {
            return match soon(self.ws.next()).await {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    self.send("3").await;
                    continue;
                }
                Some(Ok(Message::Text(text))) => text.to_string(),
                Some(Ok(Message::Binary(bytes))) => {
                    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => String::new(),
                Some(Ok(_)) => continue,
            };
        }
    }
}
