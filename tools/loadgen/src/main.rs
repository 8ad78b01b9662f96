//! Load on a real server, through its public protocol.
//!
//! Every run starts the `zvon` beside this program on a data directory of its own, with its
//! limits off, and ends it. What is measured of the server (CPU, memory) is the kernel's
//! account of that process; what is measured of messages is what clients saw.

mod append;
mod bench;
mod client;
mod crowd;
mod fill;
mod idle;
mod nodes;
mod pressure;
mod reads;
mod relay;
mod rest;
mod seed;
mod sends;
mod server;
mod silent;
mod wire;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Puts load on a Zvon server and says what it bore.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// The server's program; by default the one beside this.
    #[arg(long, global = true, value_name = "FILE")]
    zvon: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Durable sends, with every ack and every delivery checked.
    Sends(sends::Options),
    /// Memory of connections that are signed in and silent.
    Idle(idle::Options),
    /// Start and send latency on a long history.
    Fill(fill::Options),
    /// What others feel while somebody presses.
    Pressure(pressure::Options),
    /// Two nodes on PostgreSQL and Redis: writers on one, the others on the other.
    Nodes(nodes::Options),
    /// A crowd of silent connections over six nodes, on PostgreSQL and Redis.
    Crowd(crowd::Options),
    /// A part of a crowd, in a process of its own.
    #[command(hide = true)]
    Part(crowd::part::Options),
    /// What a message costs PostgreSQL at a fixed rate, beside one INSERT of the same run.
    Append(append::Options),
    /// What the cache spares PostgreSQL on a day-like mix, and what single reads cost.
    Reads(reads::Options),
    /// What the relay to Kafka costs the nodes that send.
    Relay(relay::Options),
    /// All of it, as one table of medians.
    Bench(bench::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Command::Part(options) = &cli.command {
        return crowd::part::run(options).await;
    }
    let zvon = server::program(cli.zvon)?;
    match cli.command {
        Command::Sends(options) => println!("{}", sends::run(&zvon, &options).await?),
        Command::Idle(options) => println!("{}", idle::run(&zvon, &options).await?),
        Command::Fill(options) => println!("{}", fill::run(&zvon, &options).await?),
        Command::Pressure(options) => pressure::run(&zvon, &options).await?,
        Command::Nodes(options) => nodes::run(&zvon, &options).await?,
        Command::Crowd(options) => crowd::run(&zvon, &options).await?,
        Command::Part(_) => unreachable!("it runs without a server of its own"),
        Command::Append(options) => append::run(&zvon, &options).await?,
        Command::Reads(options) => reads::run(&zvon, &options).await?,
        Command::Relay(options) => relay::run(&zvon, &options).await?,
        Command::Bench(options) => bench::run(&zvon, &options).await?,
    }
    Ok(())
}
