//! What the engine costs: memory per idle connection, and CPU per delivery beside a raw writer.
//!
//! `cargo run --release -p zvon-socketio --example bench -- idle --connections 10000`
//! `cargo run --release -p zvon-socketio --example bench -- rooms --seconds 5`
//!
//! Server and clients are processes of their own, so that each has its descriptors and its CPU
//! time is its own. The raw writer is the floor: it frames a message once and writes what waits
//! for a client in one write, and does nothing else.

mod client;
mod engine;
mod process;
mod raw;

use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::process::{Child, cpu_seconds, resident_bytes};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Clients of one load process.
const CLIENTS: usize = 1000;
/// Room sizes, and how many messages are under way at once.
const ROOMS: [(usize, usize); 4] = [(2, 64), (10, 32), (100, 10), (1000, 4)];

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Engine,
    Raw,
}

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Resident bytes per idle connection.
    Idle {
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
    /// CPU seconds per 100 000 deliveries.
    Rooms {
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// One server (used by the others).
    Serve {
        #[arg(long)]
        kind: Kind,
    },
    /// Clients that only listen (used by `idle`).
    Hold {
        #[arg(long)]
        port: u16,
        #[arg(long)]
        connections: usize,
    },
    /// Clients in rooms (used by `rooms`).
    Talk {
        #[arg(long)]
        port: u16,
        #[arg(long)]
        room: usize,
        #[arg(long)]
        senders: usize,
        #[arg(long)]
        seconds: u64,
    },
}

fn main() -> Result<()> {
    match Args::parse().what {
        What::Idle { connections } => idle(connections),
        What::Rooms { seconds } => rooms(seconds),
        What::Serve { kind: Kind::Engine } => engine::serve(),
        What::Serve { kind: Kind::Raw } => raw::serve(),
        What::Hold { port, connections } => client::hold(port, connections),
        What::Talk { port, room, senders, seconds } => {
            client::talk(port, CLIENTS, room, senders, Duration::from_secs(seconds))
        }
    }
}

fn idle(connections: usize) -> Result<()> {
    let mut server = Child::start(&["serve", "--kind", "engine"])?;
    let port = server.line()?;
    // The first ones pay for what all share.
    let mut warm = hold(&port, 100)?;
    let before = resident_bytes(server.id())?;
    let mut held = hold(&port, connections)?;
    let after = resident_bytes(server.id())?;
    let each = (after.saturating_sub(before)) / connections as u64;
    println!("{connections} idle connections: {each} resident bytes each");
    warm.stop()?;
    held.stop()?;
    server.stop()
}

fn hold(port: &str, connections: usize) -> Result<Child> {
    let connections = connections.to_string();
    let mut held = Child::start(&["hold", "--port", port, "--connections", &connections])?;
    held.line()?;
    std::thread::sleep(Duration::from_secs(1));
    Ok(held)
}

fn rooms(seconds: u64) -> Result<()> {
    println!("room of | raw s/100k | engine s/100k | ratio | raw /s | engine /s");
    for (room, senders) in ROOMS {
        let raw = measure("raw", room, senders, seconds)?;
        let engine = measure("engine", room, senders, seconds)?;
        println!(
            "{room:7} | {:10.2} | {:13.2} | {:5.2} | {:6.0} | {:8.0}",
            raw.0,
            engine.0,
            engine.0 / raw.0,
            raw.1,
            engine.1
        );
    }
    Ok(())
}

/// CPU seconds of the server per 100 000 deliveries, and deliveries per second.
fn measure(kind: &str, room: usize, senders: usize, seconds: u64) -> Result<(f64, f64)> {
    let mut server = Child::start(&["serve", "--kind", kind])?;
    let port = server.line()?;
    let (room, senders, time) = (room.to_string(), senders.to_string(), seconds.to_string());
    let mut talk = Child::start(&[
        "talk",
        "--port",
        &port,
        "--room",
        &room,
        "--senders",
        &senders,
        "--seconds",
        &time,
    ])?;
    talk.line()?;
    let before = cpu_seconds(server.id())?;
    let deliveries: f64 = talk.line()?.parse()?;
    let spent = cpu_seconds(server.id())? - before;
    talk.stop()?;
    server.stop()?;
    Ok((spent / deliveries * 100_000.0, deliveries / seconds as f64))
}
