//! `--config`, the command line, and which of them wins.

use std::fs;

use crate::process::{Server, place, refusal, run, text, zvon};

#[test]
fn version_and_help() {
    let dir = place();
    let version = run(zvon(dir.path(), &["--version"]));
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(text(&version.stdout), format!("zvon {}\n", env!("CARGO_PKG_VERSION")));
    let help = run(zvon(dir.path(), &["serve", "--help"]));
    assert_eq!(help.status.code(), Some(0));
    for option in ["--config", "--listen", "--data"] {
        assert!(text(&help.stdout).contains(option));
    }
}

#[test]
fn a_wrong_command_line_is_code_2() {
    for args in [&["serv"][..], &["serve", "--port", "1"], &["serve", "--config"], &[]] {
        let output = run(zvon(place().path(), args));
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn what_is_wrong_with_a_file_is_one_line() {
    for (content, named) in [
        ("[server\nlisten = 1", "TOML"),
        ("[limits]\npins_per_minute = \"five\"", "limits.pins_per_minute"),
        ("[limits]\npins = 5", "pins"),
        ("[limit]\npins_per_minute = 5", "limit"),
        ("limits = 5", "limits"),
        ("[presence]\ngrace = -1", "presence.grace"),
        ("[server]\nlisten = \"127.0.0.1\"", "server.listen"),
    ] {
        let dir = place();
        fs::write(dir.path().join("zvon.toml"), content).unwrap();
        let said = refusal(zvon(dir.path(), &["serve", "--config", "zvon.toml"]));
        assert!(said.contains(named), "{content:?}: {said}");
    }
    let said = refusal(zvon(place().path(), &["serve", "--config", "none.toml"]));
    assert_eq!(said, "zvon: none.toml: no such file");
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let dir = place();
    let file = "[server]\ndata = \"from-file\"\n[auth]\npassword_min = 20\n";
    fs::write(dir.path().join("zvon.toml"), file).unwrap();
    let args = ["serve", "--config", "zvon.toml", "--listen", "127.0.0.1:0", "--data", "from-line"];
    let mut command = zvon(dir.path(), &args);
    command.env("ZVON_SERVER__DATA", "from-environment").env("ZVON_AUTH__PASSWORD_MIN", "4");
    let server = Server::start(command);
    let body = r#"{"email":"a@b.c","password":"four","name":"Ann"}"#;
    assert_eq!(server.ask("POST", "/auth/register", "", body).status, 201);
    assert!(dir.path().join("from-line").is_dir());
    assert!(
        !dir.path().join("from-environment").exists() && !dir.path().join("from-file").exists()
    );
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn the_whole_file_of_defaults_is_a_good_file() {
    let dir = place();
    let defaults = include_str!("../../../../config.default.toml");
    fs::write(dir.path().join("zvon.toml"), defaults).unwrap();
    let args = ["serve", "--config", "zvon.toml", "--listen", "127.0.0.1:0"];
    assert_eq!(Server::start(zvon(dir.path(), &args)).stop().0, Some(0));
}
