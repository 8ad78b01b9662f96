//! What the outbox tells of accounts, from sign-up to the drain of the server.

use std::path::Path;

use zvon_core::outbox::event::{AccountEvent, AccountKind};
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_store::sqlite::Sqlite;

use crate::process::{Server, place, serve};

const EMAIL: &str = "told@example.org";

/// All that is told in the outbox, in order, and as the JSON it stands there in.
async fn told(dir: &Path) -> (Vec<AccountEvent>, String) {
    let store = Sqlite::open(&dir.join("data/zvon.db"), 1).await.unwrap();
    let rows = store.outbox(&Bookmark::default(), 1000).await.unwrap().0;
    store.close().await;
    let texts: Vec<String> = rows.into_iter().filter_map(|row| row.extra).collect();
    let events = texts.iter().flat_map(|text| serde_json::from_str::<Vec<_>>(text).unwrap());
    (events.collect(), texts.concat())
}

/// Connects by polling as an app of that name; its socket's id.
fn connect(server: &Server, token: &str, app: &str) -> String {
    let head = format!("user-agent: {app}\r\n");
    let open = server.ask("GET", "/socket.io/?EIO=4&transport=polling", &head, "");
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", open.field("sid"));
    let sent = server.ask("POST", &path, "", &format!(r#"40{{"token":"{token}"}}"#));
    assert_eq!(sent.body, "ok");
    let mut heard = String::new();
    while !heard.contains("connection:established") {
        heard.push_str(&server.ask("GET", &path, "", "").body);
    }
    let id = heard.split_once(r#"40{"sid":""#).unwrap().1;
    id.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn connections_and_sign_ins_are_told_also_what_the_drain_ends_and_no_secret_is() {
    let dir = place();
    let server = Server::start(serve(dir.path(), &[]));
    let token = server.register(EMAIL);
    let sign_in = |password: &str, email: &str| {
        let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
        server.ask("POST", "/auth/login", "user-agent: an app\r\n", &body).status
    };
    assert_eq!(sign_in("what it is not", EMAIL), 401);
    assert_eq!(sign_in("what it is not", "nobody@example.org"), 401);
    let long = "x".repeat(500);
    let sockets = [connect(&server, &token, "one app"), connect(&server, &token, &long)];

    assert_eq!(server.stop().0, Some(0));

    let (events, text) = told(dir.path()).await;
    let mut events = events.into_iter();
    let mut next = || events.next().map(|event| event.kind);
    assert_eq!(next(), Some(AccountKind::Created));
    assert!(matches!(next(), Some(AccountKind::SessionStarted { address, .. })
        if address == "127.0.0.1"));
    let address = || "127.0.0.1".to_owned();
    let refused = AccountKind::SignInRefused { address: address(), device: "an app".to_owned() };
    assert_eq!(next(), Some(refused), "of the account that exists alone");
    let connected = |connection: &str, device: &str| {
        let (connection, device) = (connection.to_owned(), device.to_owned());
        Some(AccountKind::Connected { connection, address: address(), device })
    };
    assert_eq!(next(), connected(&sockets[0], "one app"));
    assert_eq!(next(), connected(&sockets[1], &long[..256]));
    let mut ended = Vec::new();
    for _ in 0..2 {
        let Some(AccountKind::Disconnected { connection, lasted }) = next() else { panic!() };
        assert!(lasted < 60_000, "{lasted}");
        ended.push(connection);
    }
    ended.sort_unstable();
    let mut sockets = sockets;
    sockets.sort_unstable();
    assert_eq!(ended, sockets);
    assert_eq!(next(), None);
    for secret in [EMAIL, &token, "what it is not", "long enough", "argon2"] {
        assert!(!text.contains(secret), "{text}");
    }
}
