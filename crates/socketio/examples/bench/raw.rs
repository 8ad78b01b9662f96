//! The floor: WebSocket frames shared between recipients, and nothing else.

use std::collections::HashMap;
use std::io::IoSlice;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use zvon_socketio::parsers::{Decoder, Message, accept_key, server_frame};

#[derive(Default)]
struct Member {
    waiting: Mutex<Vec<Bytes>>,
    wake: Notify,
}

type Rooms = Arc<Mutex<HashMap<String, Vec<Arc<Member>>>>>;

#[tokio::main(worker_threads = 1)]
pub async fn serve() -> Result<()> {
    let rooms = Rooms::default();
    let listener = TcpListener::bind("0.0.0.0:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, Arc::clone(&rooms)));
    }
}

async fn connection(mut stream: TcpStream, rooms: Rooms) -> Result<()> {
    shake_hands(&mut stream).await?;
    let member = Arc::new(Member::default());
    member.waiting.lock().push(server_frame(1, b"0{}"));
    member.wake.notify_one();
    let (reader, writer) = stream.into_split();
    tokio::spawn(write(writer, Arc::clone(&member)));
    read(reader, member, rooms).await
}

async fn shake_hands(stream: &mut TcpStream) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: "));
    let mut headers = HeaderMap::new();
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, key.context("a key")?.parse()?);
    let accept = accept_key(&headers).context("a valid key")?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {}\r\n\r\n",
        accept.to_str()?
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(())
}

async fn read(mut reader: OwnedReadHalf, member: Arc<Member>, rooms: Rooms) -> Result<()> {
    let mut decoder = Decoder::new(1_000_000);
    let (mut buffer, mut room) = (vec![0; 16 * 1024], String::new());
    loop {
        let read = reader.read(&mut buffer).await?;
        anyhow::ensure!(read > 0, "the client is gone");
        let mut input = &buffer[..read];
        while let Ok(Some(message)) = decoder.next(&mut input) {
            let Message::Text(text) = message else { continue };
            match text.strip_prefix("42[\"join\",\"") {
                Some(name) => {
                    room = name.trim_end_matches("\"]").to_owned();
                    rooms.lock().entry(room.clone()).or_default().push(Arc::clone(&member));
                }
                None if text.starts_with("42") => say(&rooms, &room, &text),
                None => say_to(&member, &server_frame(1, b"40{}")),
            }
        }
    }
}

fn say(rooms: &Rooms, room: &str, text: &str) {
    let frame = server_frame(1, text.as_bytes());
    if let Some(members) = rooms.lock().get(room) {
        members.iter().for_each(|member| say_to(member, &frame));
    }
}

fn say_to(member: &Member, frame: &Bytes) {
    member.waiting.lock().push(frame.clone());
    member.wake.notify_one();
}

async fn write(mut writer: OwnedWriteHalf, member: Arc<Member>) -> Result<()> {
    loop {
        member.wake.notified().await;
        let frames = std::mem::take(&mut *member.waiting.lock());
        for some in frames.chunks(64) {
            let mut slices: Vec<IoSlice<'_>> =
                some.iter().map(|frame| IoSlice::new(frame)).collect();
            let mut slices = &mut slices[..];
            while !slices.is_empty() {
                let written = writer.write_vectored(slices).await?;
                IoSlice::advance_slices(&mut slices, written);
            }
        }
    }
}
