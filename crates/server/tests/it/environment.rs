//! The variables of the existing back end, and `.env`.

use std::fs;

use crate::process::{Server, place, refusal, serve, zvon};

#[test]
fn the_old_names_work() {
    let dir = place();
    let server = Server::start(serve(
        dir.path(),
        &[
            ("DATABASE_URL", "sqlite:kept/here"),
            ("FRONTEND_URL", "https://chat.example.org"),
            ("JWT_SECRET", "'quoted, with blanks around' "),
            ("JWT_EXPIRED_IN", "1h"),
        ],
    ));
    assert!(dir.path().join("kept/here/zvon.db").is_file());
    let token = server.register("a@b.c");
    assert_eq!(server.me(&token), 200);
    let head = server.ask("GET", "/health", "", "").head;
    assert!(head.contains("access-control-allow-origin: https://chat.example.org"), "{head}");
    assert!(!dir.path().join("kept/here/jwt.key").exists(), "no secret had to be made");
    // The same secret without quotes and blanks reads the tokens.
    assert_eq!(server.stop().0, Some(0));
    let again =
        [("DATABASE_URL", "sqlite:kept/here"), ("JWT_SECRET", "quoted, with blanks around")];
    let server = Server::start(serve(dir.path(), &again));
    assert_eq!(server.me(&token), 200);
}

#[test]
fn port_listens_on_all_addresses_and_the_url_can_be_opened() {
    let free = std::net::TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let dir = place();
    let mut command = zvon(dir.path(), &["serve"]);
    command.env("PORT", free.to_string());
    let server = Server::start(command);
    assert_eq!(server.port, free);
    assert!(server.said.starts_with(&format!("Zvon is at http://localhost:{free},")));
    assert_eq!(server.ask("GET", "/health/readiness", "", "").status, 200);
}

#[test]
fn what_the_old_names_cannot_mean_is_refused() {
    for (name, value, named) in [
        ("PORT", "http", "PORT"),
        ("PORT", "70000", "PORT"),
        ("DATABASE_URL", "mysql://u:secret@h/db", "DATABASE_URL"),
        ("DATABASE_URL", "postgres://u:secret@h/db", "cluster.key"),
        ("DATABASE_URL", "sqlite:", "server.data"),
        ("DATABASE_URL", "sqlite:dir/my.db", "DATABASE_URL"),
        ("DB_HOST", "postgres", "cluster.key"),
        ("JWT_EXPIRES_IN", "tomorrow", "auth.token_life"),
        ("FRONTEND_URL", "*", "auth.frontend_url"),
        ("KAFKA_BROKERS", "http://kafka:9092", "kafka.brokers"),
    ] {
        let dir = place();
        let mut command = zvon(dir.path(), &["serve"]);
        command.env(name, value);
        let said = refusal(command);
        assert!(said.contains(named), "{name}={value}: {said}");
        assert!(!said.contains("u:secret"), "{said}");
    }
}

#[test]
fn services_that_are_not_used_or_not_there_are_no_reason_to_stop() {
    let dir = place();
    let variables = [
        ("REDIS_URL", "redis://u:secret@h:6379"),
        ("KAFKA_BROKERS", "127.0.0.1:1, 127.0.0.1:2"),
        ("KAFKA_CLIENT_ID", "webchat"),
        ("KAFKA_GROUP_ID", "webchat-group"),
    ];
    let server = Server::start(serve(dir.path(), &variables));
    assert_eq!(server.ask("GET", "/health/readiness", "", "").status, 200);
    let (code, logs) = server.stop();
    assert_eq!(code, Some(0));
    assert!(logs.contains("redis.url is set"), "{logs}");
    assert!(!logs.contains("u:secret"), "{logs}");
}

#[test]
fn variables_that_are_no_text_are_none_of_ours() {
    use std::os::unix::ffi::OsStrExt;
    let dir = place();
    let mut command = serve(dir.path(), &[]);
    command.env("BINARY", std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    let server = Server::start(command);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_secret_of_digits_and_one_that_looks_like_a_truth_are_texts() {
    for secret in ["0123456789", "true", "1e9", "[x]"] {
        let dir = place();
        let server = Server::start(serve(dir.path(), &[("JWT_SECRET", secret)]));
        let token = server.register("a@b.c");
        assert_eq!(server.stop().0, Some(0));
        let server = Server::start(serve(dir.path(), &[("ZVON_AUTH__JWT_SECRET", secret)]));
        assert_eq!(server.me(&token), 200, "{secret}");
    }
}

#[test]
fn a_file_called_dot_env_is_read_and_the_environment_wins_over_it() {
    let dir = place();
    let file = "# a comment\nJWT_EXPIRES_IN = 2h  \nZVON_AUTH__PASSWORD_MIN='30'\n\nnonsense\n";
    fs::write(dir.path().join(".env"), file).unwrap();
    let body = r#"{"email":"a@b.c","password":"long enough","name":"Ann"}"#;
    let server = Server::start(serve(dir.path(), &[]));
    assert_eq!(server.ask("POST", "/auth/register", "", body).status, 400);
    assert_eq!(server.stop().0, Some(0));
    let server = Server::start(serve(dir.path(), &[("ZVON_AUTH__PASSWORD_MIN", "5")]));
    assert_eq!(server.ask("POST", "/auth/register", "", body).status, 201);
    fs::write(dir.path().join(".env"), "ZVON_CHAT__PINS_MAX=none\n").unwrap();
    assert!(refusal(serve(dir.path(), &[])).contains("chat.pins_max"));
}
