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
