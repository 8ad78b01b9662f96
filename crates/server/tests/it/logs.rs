//! What is logged, and how.

use crate::process::{Server, place, serve};

#[test]
fn a_start_and_an_end_are_a_few_plain_lines() {
    let dir = place();
    let server = Server::start(serve(dir.path(), &[]));
    assert!(server.said.contains(&format!("http://localhost:{}", server.port)), "{}", server.said);
    let (code, logs) = server.stop();
    assert_eq!(code, Some(0));
    assert!(logs.lines().count() <= 4, "{logs}");
    assert!(logs.contains("serving") && logs.contains("going down"), "{logs}");
    assert!(!logs.contains("memory_serve") && !logs.contains('\u{1b}'), "{logs}");
}

#[test]
fn json_logs_are_one_object_a_line() {
    let dir = place();
    let server = Server::start(serve(dir.path(), &[("ZVON_LOG__FORMAT", "json")]));
    server.register("a@b.c");
    let (_, logs) = server.stop();
    for line in logs.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
        assert!(line.contains("\"level\":\"") && line.contains("\"timestamp\":\""), "{line}");
    }
    assert!(logs.contains("\"message\":\"signed up\""), "{logs}");
}

#[test]
fn the_level_is_obeyed() {
    let dir = place();
    let server = Server::start(serve(dir.path(), &[("ZVON_LOG__LEVEL", "error")]));
    server.register("a@b.c");
    assert_eq!(server.stop().1, "");
}

#[test]
fn no_secret_gets_into_the_logs_by_whatever_way_it_comes() {
    for (format, level) in [("text", "debug"), ("json", "trace")] {
        let dir = place();
        let variables = [("ZVON_LOG__FORMAT", format), ("ZVON_LOG__LEVEL", level)];
        let server = Server::start(serve(dir.path(), &variables));
        let body = r#"{"email":"a@b.c","password":"the-password-1","name":"Ann","refresh":true}"#;
        let signed_up = server.ask("POST", "/auth/register", "", body);
        assert_eq!(signed_up.status, 201, "{}", signed_up.body);
        let (access, refresh) = (signed_up.field("accessToken"), signed_up.field("refreshToken"));
        let renew = format!(r#"{{"refreshToken":"{refresh}"}}"#);
        let renewed = server.ask("POST", "/auth/refresh", "", &renew);
        assert_eq!(renewed.status, 201, "{}", renewed.body);
        assert_eq!(server.ask("POST", "/auth/refresh", "", &renew).status, 401, "a copy");
        for path in ["/auth/me?jwt=in-a-query-1", "/socket.io/?EIO=4&transport=in-a-query-1"] {
            let head = "authorization: Bearer in-a-header-1\r\ncookie: in-a-cookie-1\r\n\
                        x-key: in-a-header-1\r\n";
            assert!(server.ask("GET", path, head, "").status >= 400, "{path}");
        }
        let wrong = r#"{"email":"a@b.c","password":"a-wrong-password-1"}"#;
        assert_eq!(server.ask("POST", "/auth/login", "", wrong).status, 401);
        let broken = r#"{"email":"a@b.c","password":"a-broken-body-1""#;
        assert_eq!(server.ask("POST", "/auth/login", "", broken).status, 400);
        let (next, used) = (renewed.field("accessToken"), renewed.field("refreshToken"));
        let (_, logs) = server.stop();
        assert!(logs.contains("/auth/me") && logs.contains("zvon::access"), "{logs}");
        for secret in [
            &*access,
            &*refresh,
            &*next,
            &*used,
            "the-password-1",
            "in-a-query-1",
            "in-a-header-1",
            "in-a-cookie-1",
            "a-wrong-password-1",
            "a-broken-body-1",
            "$argon2id",
            "a@b.c",
        ] {
            assert!(!logs.contains(secret), "{secret} is in the logs: {logs}");
        }
    }
}

#[test]
fn a_request_is_one_line_of_text_that_it_cannot_forge() {
    let dir = place();
    let server = Server::start(serve(dir.path(), &[]));
    let forged = "2026-01-01T00:00:00.000000Z  INFO zvon::access: request";
    let encoded = forged.replace(' ', "%20");
    for path in [format!("/%0d%0a{encoded}"), format!("/\"\u{202e}'{encoded}"), "/%1b[2J".into()] {
        server.ask("GET", &path, &format!("x-forged: {forged}\r\n"), "");
    }
    assert_eq!(server.ask("BREW", "/pot", "", "").status, 404);
    let (_, logs) = server.stop();
    let lines: Vec<&str> = logs.lines().filter(|line| line.contains("zvon::access")).collect();
    assert!(lines.iter().all(|line| line.matches(" INFO zvon::access: ").count() == 1), "{logs}");
    assert!(!logs.contains('\u{202e}') && !logs.contains('\u{1b}'), "{logs}");
    let pot = lines.iter().find(|line| line.contains("/pot")).unwrap();
    for field in ["peer=127.0.0.1", "method=\"BREW\"", "path=\"/pot\"", "status=404"] {
        assert!(pot.contains(field), "{field}: {pot}");
    }
}

#[test]
fn the_access_log_can_be_left_out() {
    let dir = place();
    let variables = [("ZVON_LOG__LEVEL", "info,zvon::access=off")];
    let server = Server::start(serve(dir.path(), &variables));
    server.register("a@b.c");
    let (_, logs) = server.stop();
    assert!(!logs.contains("zvon::access") && logs.contains("signed up"), "{logs}");
}
