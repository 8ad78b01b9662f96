//! What others feel while somebody presses: the p99 of paced sends, without and with
//!
//! * a hundred sign-ins a second, offered whether they are answered or not;
//! * ten thousand half-open requests of ten addresses, each opened again a second after it ends;
//! * a thousand sockets that send more than they may.
//!
//! Runs without and with go in turn, each on a fresh server with its limits on; the table shows
//! medians. The pressure comes from a thread of its own. Two cores carry the server, the writers
//! and whoever presses, so a part of what is measured is the machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::bench::median;
use crate::client::{Client, Heard, hear};
use crate::rest::{self, Person};
use crate::sends::{self, Report};
use crate::server::{Server, place};

/// Where whoever presses comes from.
const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9)), 0);
/// How many write; as many others press.
const WRITERS: usize = 50;
/// Limits that the writers keep and those who press do not.
const LIMITS: [(&str, &str); 4] = [
    ("ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE", "700"),
    ("ZVON_LIMITS__CONNECTIONS_PER_USER", "100"),
    ("ZVON_LIMITS__CONNECTIONS_PER_ADDRESS", "1000"),
    ("ZVON_AUTH__SESSIONS_MAX", "1000000"),
];

/// How thoroughly.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How often each is measured; the table shows the medians.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How long each is measured.
    #[arg(long, default_value_t = 6.0)]
    pub(crate) seconds: f64,
    /// Sends per second of the fifty writers.
    #[arg(long, default_value_t = 500.0)]
    pub(crate) rate: f64,
    /// Only this kind of pressure.
    #[arg(long)]
    pub(crate) only: Option<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub(crate) enum Kind {
    SignIns,
    HalfOpen,
    Abuse,
}

/// What a run with pressure came to.
struct Pressed {
    report: Report,
    tries: u64,
    refused: u64,
    resident: u64,
}

/// Runs all kinds and prints a line of each.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    let kinds = [
        (Kind::SignIns, "100 sign-ins/s", 1.2),
        (Kind::HalfOpen, "10 000 half-open requests", 2.0),
        (Kind::Abuse, "1 000 abusive sockets", 2.0),
    ];
    println!("ack p99 of {} sends/s, medians of {} runs", options.rate, options.rounds);
    for (kind, name, goal) in kinds {
        if options.only.is_some_and(|only| only != kind) {
            continue;
        }
        let (mut quiet, mut pressed, mut last) = (Vec::new(), Vec::new(), None);
        for _ in 0..options.rounds {
            quiet.push(measure(zvon, options, None).await?.report.acked_within(0.99));
            let run = measure(zvon, options, Some(kind)).await?;
            pressed.push(run.report.acked_within(0.99));
            last = Some(run);
        }
        let (quiet, pressed) = (median(quiet), median(pressed));
        let ratio = pressed / quiet;
        let verdict = if ratio <= goal { "met" } else { "MISSED" };
        let Some(Pressed { tries, refused, resident, .. }) = last else { continue };
        println!(
            "{name:<28}{quiet:>7.2} ms -> {pressed:>7.2} ms, x{ratio:.2} (<= {goal} {verdict}); \
             {tries} tries, {refused} refused, {} MiB resident",
            resident >> 20
        );
    }
    Ok(())
}

async fn measure(zvon: &Path, options: &Options, kind: Option<Kind>) -> Result<Pressed> {
    let data = place()?;
    let server = Server::start_with(zvon, data.path(), &LIMITS).await?;
    let everybody = rest::sign_up(server.address(), 2 * WRITERS).await?;
    let (people, others) = everybody.split_at(WRITERS);
    let load = sends::Options {
        seconds: options.seconds,
        rate: Some(options.rate),
        ..sends::Options::default()
    };
    let halls = sends::open_halls(server.address(), people, load.chats).await?;
    let press = kind.map(|kind| Press::start(kind, &server, others)).transpose()?;
    let report = sends::measure(server, data.path(), (people, &halls), &load).await?;
    let (tries, refused, resident) = press.map_or((0, 0, 0), Press::stop);
    Ok(Pressed { report, tries, refused, resident })
}

/// Whoever presses: a thread with a runtime of its own.
struct Press {
    counts: Arc<Counts>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    stop: AtomicBool,
    tries: AtomicU64,
    refused: AtomicU64,
    resident: AtomicU64,
}

impl Press {
    fn start(kind: Kind, server: &Server, people: &[Person]) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let (shared, address, watch) = (Arc::clone(&counts), server.address(), server.watch());
        let people = people.to_vec();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let mut tasks = JoinSet::new();
                match kind {
                    Kind::SignIns => {
                        tasks.spawn(sign_in(address, Arc::clone(&shared)));
                    }
                    Kind::HalfOpen => {
                        for index in 0..100 {
                            let from = SocketAddr::from(([127, 0, 0, 9 + index / 10], 0));
                            tasks.spawn(half_open(address, from, Arc::clone(&shared)));
                        }
                    }
                    Kind::Abuse => {
                        for person in people.iter().cycle().take(1000).cloned() {
                            tasks.spawn(abuse(address, person, Arc::clone(&shared)));
                        }
                    }
                }
                while !shared.stop.load(Ordering::Relaxed) {
                    if let Ok(account) = watch.account() {
                        shared.resident.fetch_max(account.resident, Ordering::Relaxed);
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
        });
        Ok(Self { counts, thread })
    }

    /// Ends it: tries, refusals, the most resident bytes of the server.
    fn stop(self) -> (u64, u64, u64) {
        self.counts.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.counts.tries), of(&self.counts.refused), of(&self.counts.resident))
    }
}

impl Counts {
    fn note(&self, refused: bool) {
        self.tries.fetch_add(1, Ordering::Relaxed);
        self.refused.fetch_add(u64::from(refused), Ordering::Relaxed);
    }
}

/// A hundred a second, whatever becomes of them.
async fn sign_in(server: SocketAddr, counts: Arc<Counts>) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for index in (0..WRITERS).cycle() {
        tick.tick().await;
        let counts = Arc::clone(&counts);
        tokio::spawn(async move {
            let email = format!("load{index}@example.org");
            let body = json!({ "email": email, "password": rest::PASSWORD });
            counts.note(rest::post(server, "/auth/login", &body).await.is_err());
        });
    }
}

/// A hundred requests that are never finished; each until the server has had enough of it.
async fn half_open(server: SocketAddr, from: SocketAddr, counts: Arc<Counts>) {
    let mut open = JoinSet::new();
    loop {
        for _ in 0..100 {
            let counts = Arc::clone(&counts);
            open.spawn(async move {
                let begun = async {
                    let socket = TcpSocket::new_v4()?;
                    socket.bind(from)?;
                    let mut stream = socket.connect(server).await?;
                    stream.write_all(b"GET /socket.io/ HTTP/1.1\r\nHost: h\r\nX-Slow: ").await?;
                    let mut rest = Vec::new();
                    let began = tokio::time::Instant::now();
                    let _ = stream.read_to_end(&mut rest).await;
                    std::io::Result::Ok(began.elapsed() < Duration::from_secs(1))
                };
                counts.note(begun.await.unwrap_or(true));
            });
        }
        while open.join_next().await.is_some() {}
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Ten commands a second that cannot be carried out: over all sockets of a user, in four seconds
/// what may be sent in a minute.
async fn abuse(server: SocketAddr, person: Person, counts: Arc<Counts>) {
    let Ok(mut client) = Client::connect(server, STRANGER, &person).await else {
        return counts.note(true);
    };
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                client.call("chat:get-pinned", "{\"chatId\":7}");
                if client.wire.flush().await.is_err() {
                    return counts.note(true);
                }
            }
            filled = client.wire.fill() => {
                let mut pinged = false;
                let read = client.wire.frames(|frame| {
                    match hear(frame) {
                        Heard::Ack(_, body) => {
                            let limited = b"RATE_LIMITED";
                            counts.note(body.windows(limited.len()).any(|part| part == limited));
                        }
                        Heard::Ping => pinged = true,
                        _ => {}
                    }
                    Ok(())
                });
                if filled.is_err() || read.is_err() || (pinged && client.pong().await.is_err()) {
                    return;
                }
            }
        }
    }
}
