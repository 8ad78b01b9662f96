//! The machine: versions, port, clock, limits.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit};
use serde_json::Value;
use zvon_core::clock::{Clock, SystemClock};
use zvon_store::sqlite::inspect;

use super::Check;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(2);
/// Files that are open besides connections: database, logs, the program's own.
const FILES: u64 = 100;

/// What this program is.
pub(super) async fn versions() -> Check {
    let sqlite = inspect::version().await.unwrap_or_else(|error| error.to_string());
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let zvon = env!("CARGO_PKG_VERSION");
    Check::ok("versions", format!("zvon {zvon}, SQLite {sqlite}, {os} {arch}"))
}

/// Whether the port can be had, or a Zvon has it; `running` says whether it is one of this ground, if
/// that can be told.
pub(super) fn port(config: &Config, running: Option<bool>) -> Check {
    const NAME: &str = "port";
    let Ok(address) = config.listen() else {
        return Check::fail(NAME, "unknown", "set server.listen");
    };
    let error = match TcpListener::bind(address) {
        Ok(_) if running == Some(true) => {
            let found = format!("{address} is free, but a server runs on this data directory");
            return Check::warn(NAME, found, "it listens elsewhere: compare its command line");
        }
        Ok(_) => return Check::ok(NAME, format!("{address} is free")),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::AddrInUse => taken(address, running),
        ErrorKind::PermissionDenied => {
            let advice = "listen above 1024, or grant CAP_NET_BIND_SERVICE, or set server.user";
            Check::fail(NAME, format!("{address} is not allowed"), advice)
        }
        ErrorKind::AddrNotAvailable => {
            let advice = "set server.listen to one it has, or 0.0.0.0";
            Check::fail(NAME, format!("this machine has no address {}", address.ip()), advice)
        }
        _ => Check::fail(NAME, format!("{address}: {error}"), "set another server.listen"),
    }
}

fn taken(address: SocketAddr, running: Option<bool>) -> Check {
    const NAME: &str = "port";
    let elsewhere = "stop it, or set another server.listen";
    let running = running != Some(false);
    match ask(address) {
        Some(true) if running => Check::ok(NAME, format!("{address} is served by a Zvon, ready")),
        Some(false) if running => {
            let found = format!("{address} is served by a Zvon that is not ready");
            Check::warn(NAME, found, "it starts or goes down; otherwise see its logs")
        }
        Some(_) => {
            Check::fail(NAME, format!("{address} is served by a Zvon on other data"), elsewhere)
        }
        None if running => {
            let found = format!("{address} is taken, and does not answer as a Zvon");
            Check::warn(NAME, found, "if it serves TLS, ask GET /health/readiness yourself")
        }
        None => Check::fail(NAME, format!("{address} is taken by another program"), elsewhere),
    }
}

/// Whether a Zvon answers there, and is ready.
fn ask(address: SocketAddr) -> Option<bool> {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::new(ip, address.port()), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let request = b"GET /health/readiness HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    let _ = stream.take(64 * 1024).read_to_end(&mut answer);
    is_ready(&String::from_utf8_lossy(&answer))
}

/// Reads a readiness answer; `None` if it is none of ours.
fn is_ready(answer: &str) -> Option<bool> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let body: Value = serde_json::from_str(body.trim()).ok()?;
    body.pointer("/details/database/status")?;
    Some(head.starts_with("HTTP/1.1 200"))
}

/// Whether the clock tells a year that can be, and goes evenly.
pub(super) fn clock() -> Vec<Check> {
    const NAME: &str = "clock";
    let (began, at) = (Instant::now(), SystemClock.now());
    std::thread::sleep(Duration::from_millis(200));
    let passed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let jump = (SystemClock.now().0 - at.0 - passed).abs();
    let mut checks = vec![match at.0 {
        FIRST..=LAST => Check::ok(NAME, format!("it is {at}")),
        _ => Check::fail(NAME, format!("it is {at}"), "set it, and keep it by NTP"),
    }];
    if jump > 50 {
        let found = format!("it was moved by {jump} ms within a fifth of a second");
        checks.push(Check::warn(NAME, found, "let NTP slew it instead of stepping it"));
    }
    checks
}

/// The beginning of 2025, before which this program was not written.
const FIRST: i64 = 1_735_689_600_000;
/// The end of 2099.
const LAST: i64 = 4_102_444_799_999;

/// Whether as many files may be open as connections are expected.
pub(super) fn open_files(connections: u64) -> Check {
    const NAME: &str = "open files";
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(found) => found,
        Err(error) => return Check::warn(NAME, format!("unknown: {error}"), "see ulimit -n"),
    };
    let needed = connections.saturating_add(FILES);
    let found = format!("{soft} (raised to {hard} at the start) for {connections} connections");
    if hard >= needed {
        return Check::ok(NAME, found);
    }
    let advice = format!("LimitNOFILE={needed} in the systemd unit, or ulimit -Hn {needed}");
    Check::fail(NAME, found, advice)
}

#[cfg(test)]
mod tests {
    use super::is_ready;

    #[test]
    fn a_zvon_is_known_by_its_readiness() {
        let answer = |status: &str, body: &str| format!("HTTP/1.1 {status}\r\na: b\r\n\r\n{body}");
        let ours = r#"{"status":"ok","details":{"database":{"status":"up"}}}"#;
        assert_eq!(is_ready(&answer("200 OK", ours)), Some(true));
        assert_eq!(is_ready(&answer("503 Service Unavailable", ours)), Some(false));
        for other in ["", "hello", r#"{"status":"ok"}"#, "<html>"] {
            assert_eq!(is_ready(&answer("200 OK", other)), None, "{other}");
        }
        assert_eq!(is_ready("SSH-2.0-OpenSSH"), None);
    }
}
