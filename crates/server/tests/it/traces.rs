//! Traces: what a collector is sent, and what happens without one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::process::{Server, place, serve};

/// The head and the body of a request.
type Sent = (String, Vec<u8>);

/// A collector of a few lines: keeps the heads and bodies of what it is sent.
#[derive(Clone)]
struct Collector {
    port: u16,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let collector = Self { port, sent: Arc::default() };
        let sent = Arc::clone(&collector.sent);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                sent.lock().unwrap().extend(take(stream, status));
            }
        });
        collector
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn heads(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(head, _)| head.clone()).collect()
    }

    /// Whether these bytes were in any body: protobuf keeps texts as they are.
    fn has(&self, text: &str) -> bool {
        let sent = self.sent.lock().unwrap();
        sent.iter().any(|(_, body)| body.windows(text.len()).any(|part| part == text.as_bytes()))
    }
}

fn take(mut stream: TcpStream, status: &str) -> Option<Sent> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
        head = format!("{head}{line}\n");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").ok()?;
    Some((head, body))
}

/// One command over long-polling; until it is answered.
fn list_users(server: &Server, token: &str) {
    const ENGINE: &str = "/socket.io/?EIO=4&transport=polling";
    let open = server.ask("GET", ENGINE, "", "");
    let session = format!("{ENGINE}&sid={}", open.field("sid"));
    let say = |text: &str| assert_eq!(server.ask("POST", &session, "", text).status, 200);
    say(&format!("40{{\"token\":\"{token}\"}}"));
    assert!(server.ask("GET", &session, "", "").body.starts_with("40{"));
    say("427[\"users:list\",{\"limit\":1}]");
    let chat = "0190a5f0-7e2b-7c3d-8e4f-0123456789ab";
    say(&format!("428[\"message\",{{\"chatId\":\"{chat}\",\"content\":\"a body\"}}]"));
    let mut heard = String::new();
    while !heard.contains("438[") {
        let answer = server.ask("GET", &session, "", "");
        assert_eq!(answer.status, 200, "{heard}");
        heard += &answer.body;
    }
}

#[test]
fn a_collector_is_sent_requests_and_commands_by_name_and_outcome_and_no_secret() {
    let (dir, collector) = (place(), Collector::start("200 OK"));
    let endpoint = collector.endpoint();
    let server = Server::start(serve(
        dir.path(),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a key of the collector's"),
            ("ZVON_LOG__LEVEL", "trace"),
        ],
    ));
    let token = server.register("ann@example.org");
    assert_eq!(server.ask("GET", "/chats/not-one?token=in-a-query", "", "").status, 401);
    list_users(&server, &token);
    let (code, logs) = server.stop();
    assert_eq!(code, Some(0), "{logs}");

    let heads = collector.heads();
    assert!(heads.iter().all(|head| head.starts_with("post /v1/traces http/1.1\n")), "{heads:?}");
    assert!(heads.iter().all(|head| head.contains("content-type: application/x-protobuf")));
    assert!(heads.iter().all(|head| head.contains("x-key: a key of the collector's")));
    for name in ["POST /auth/register", "GET /chats/{chatId}", "users:list", "commit", "forbidden"]
    {
        assert!(collector.has(name), "{name} is missing");
    }
    for secret in [&token, "ann@example.org", "long enough", "in-a-query", "not-one", "a body"] {
        assert!(!collector.has(secret), "{secret} was sent");
    }
    assert!(!logs.contains("a key of the collector's"), "{logs}");
    assert!(!logs.contains("zvon::trace"), "spans are not for the log: {logs}");
}

#[test]
fn a_collector_that_is_away_or_unwilling_is_told_of_once_and_stops_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unwilling = Collector::start("503 Service Unavailable");
    for endpoint in [format!("http://{gone}"), unwilling.endpoint()] {
        let dir = place();
        let quick = ("OTEL_BSP_SCHEDULE_DELAY", "20");
        let server = Server::start(serve(
            dir.path(),
            &[("ZVON_TELEMETRY__OTLP_ENDPOINT", &endpoint), quick],
        ));
        let token = server.register("a@b.c");
        for _ in 0..20 {
            assert_eq!(server.me(&token), 200);
            std::thread::sleep(Duration::from_millis(10));
        }
        let (code, logs) = server.stop();
        assert_eq!(code, Some(0), "{logs}");
        let told = logs.matches("the collector does not take traces").count();
        assert_eq!(told, 1, "{endpoint}: {logs}");
    }
    assert!(unwilling.heads().len() > 1, "it was tried again");
}

#[test]
fn a_collector_that_never_answers_does_not_keep_the_server_from_its_end() {
    let dir = place();
    // The system takes the connections, and nobody ever reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let variables = [("ZVON_TELEMETRY__OTLP_ENDPOINT", endpoint.as_str())];
    let server = Server::start(serve(dir.path(), &variables));
    server.register("a@b.c");
    let asked = Instant::now();
    let (code, logs) = server.stop();
    assert_eq!(code, Some(0), "{logs}");
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}
