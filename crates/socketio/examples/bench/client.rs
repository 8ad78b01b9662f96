//! Clients: frames by hand, so that they cost little beside the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Connections from one source address.
const PER_ADDRESS: usize = 5000;
const HANDSHAKE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: bench\r\n\
    connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Joins `/` so many times, says that it has, and listens for ever.
#[tokio::main(flavor = "current_thread")]
pub async fn hold(port: u16, connections: usize) -> Result<()> {
    let mut held = Vec::with_capacity(connections);
    for index in 0..connections {
        held.push(join(port, index).await?);
    }
    println!("ready");
    std::future::pending::<()>().await;
    drop(held);
    Ok(())
}

/// Clients in rooms; so many of them talk, each when it has heard what it said last.
#[tokio::main(flavor = "current_thread")]
pub async fn talk(
    port: u16,
    clients: usize,
    room: usize,
    senders: usize,
    time: Duration,
) -> Result<()> {
    let (heard, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut streams = Vec::with_capacity(clients);
    for index in 0..clients {
        let mut stream = join(port, index).await?;
        let join = format!("42[\"join\",\"room {}\"]", index / room);
        stream.write_all(&frame(join.as_bytes())).await?;
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let rooms = clients / room;
    for (index, stream) in streams.into_iter().enumerate() {
        // Talkers are spread over the rooms.
        let (which, place) = (index / room, index % room);
        let talks = place * rooms + which < senders;
        tokio::spawn(one(stream, index, talks, Arc::clone(&heard), Arc::clone(&stop)));
    }
    println!("ready");
    let before = heard.load(Ordering::Relaxed);
    tokio::time::sleep(time).await;
    println!("{}", heard.load(Ordering::Relaxed) - before);
    stop.store(true, Ordering::Relaxed);
    std::future::pending::<()>().await;
    Ok(())
}

/// Reads frames for ever; a talker answers its own words with the next.
async fn one(
    stream: TcpStream,
    index: usize,
    talks: bool,
    heard: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> Result<()> {
    let (mut reader, mut writer) = stream.into_split();
    let mark = format!("from {index:04}");
    let said = frame(format!("42[\"m\",\"{mark} {}\"]", "x".repeat(190)).as_bytes());
    if talks {
        writer.write_all(&said).await?;
    }
    let (mut buffer, mut filled) = (vec![0; 64 * 1024], 0);
    loop {
        let read = reader.read(&mut buffer[filled..]).await?;
        anyhow::ensure!(read > 0, "the server is gone");
        filled += read;
        let mut at = 0;
        while let Some((from, to)) = text(&buffer[at..filled]) {
            let body = &buffer[at + from..at + to];
            if body.starts_with(b"42") {
                heard.fetch_add(1, Ordering::Relaxed);
                let own = talks && body.windows(mark.len()).any(|part| part == mark.as_bytes());
                if own && !stop.load(Ordering::Relaxed) {
                    writer.write_all(&said).await?;
                }
            }
            at += to;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
}

/// A client in the namespace `/`.
async fn join(port: u16, index: usize) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let host = 2 + u8::try_from(index / PER_ADDRESS)?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0)))?;
    let mut stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream.set_nodelay(true)?;
    stream.write_all(HANDSHAKE.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    skip(&mut stream).await?;
    stream.write_all(&frame(b"40")).await?;
    skip(&mut stream).await?;
    Ok(stream)
}

/// Reads one short frame.
async fn skip(stream: &mut TcpStream) -> Result<()> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await?;
    let mut body = vec![0; usize::from(head[1])];
    stream.read_exact(&mut body).await?;
    Ok(())
}

/// Where the text of the first frame lies, if it is there in full.
fn text(bytes: &[u8]) -> Option<(usize, usize)> {
    let (from, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= from + length).then_some((from, from + length))
}

/// A masked text frame; the mask is zero, which masks nothing.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | short as u8),
        long => {
            bytes.push(0x80 | 126);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}
