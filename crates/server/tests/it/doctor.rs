//! `zvon doctor`: what it looks at, and its exit code.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::process::{Server, place, run, serve, text, zvon};

/// The doctor in `dir`, about a port that is free.
fn doctor(dir: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = zvon(dir, &["doctor"]);
    command.env("ZVON_SERVER__LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
    command
}

/// Its exit code and its lines.
fn ask(command: Command) -> (i32, Vec<String>) {
    let output = run(command);
    assert_eq!(text(&output.stderr), "");
    (output.status.code().unwrap(), text(&output.stdout).lines().map(str::to_owned).collect())
}

fn line<'a>(lines: &'a [String], name: &str) -> &'a str {
    let found = lines.iter().find(|line| line[5..].starts_with(&format!("{name}: ")));
    found.unwrap_or_else(|| panic!("no {name} in {lines:#?}"))
}

#[test]
fn before_the_first_start_everything_can_be_made_and_nothing_is() {
    let dir = place();
    let (code, lines) = ask(doctor(dir.path(), &[]));
    assert_eq!(code, 0, "{lines:#?}");
    assert!(line(&lines, "data directory").ends_with("data will be made"));
    for name in ["configuration", "versions", "free space", "port", "clock", "open files"] {
        line(&lines, name);
    }
    assert!(!dir.path().join("data").exists());
}

#[test]
fn beside_a_running_server_all_is_well_and_it_goes_on() {
    let dir = place();
    let server = Server::start(serve(dir.path(), &[]));
    let listen = format!("127.0.0.1:{}", server.port);
    let (code, lines) = ask(doctor(dir.path(), &[("ZVON_SERVER__LISTEN", &listen)]));
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines.iter().all(|line| line.starts_with("ok ") || line.contains("free space")));
    assert!(line(&lines, "lock").contains("a server runs on it"));
    assert!(line(&lines, "port").contains("served by a Zvon, ready"));
    assert!(line(&lines, "database").contains("whole; log epoch "));
    server.register("a@b.c");
    let elsewhere = ask(doctor(dir.path(), &[])).1;
    assert!(line(&elsewhere, "port").starts_with("warn"));
    assert_eq!(server.stop().0, Some(0));
    let (code, lines) = ask(doctor(dir.path(), &[]));
    assert_eq!(code, 0);
    assert!(line(&lines, "lock").contains("no server"));
}

#[test]
fn a_port_of_somebody_else_is_a_failure() {
    let dir = place();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    std::thread::spawn(move || taken.accept());
    let (code, lines) = ask(doctor(dir.path(), &[("ZVON_SERVER__LISTEN", &address)]));
    assert_eq!(code, 1);
    assert!(line(&lines, "port").starts_with("FAIL"), "{lines:#?}");
    let elsewhere = place();
    let other = Server::start(serve(elsewhere.path(), &[]));
    let address = format!("127.0.0.1:{}", other.port);
    let (code, lines) = ask(doctor(dir.path(), &[("ZVON_SERVER__LISTEN", &address)]));
    assert_eq!(code, 1);
    assert!(line(&lines, "port").contains("a Zvon on other data"), "{lines:#?}");
}

#[test]
fn files_that_others_may_read_and_a_damaged_key_are_failures() {
    let dir = place();
    assert_eq!(Server::start(serve(dir.path(), &[])).stop().0, Some(0));
    let data = dir.path().join("data");
    let chmod = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod(&data, 0o755);
    chmod(&data.join("jwt.key"), 0o640);
    fs::write(data.join("cluster.key"), "short").unwrap();
    let (code, lines) = ask(doctor(dir.path(), &[]));
    assert_eq!(code, 1);
    assert!(line(&lines, "data directory").starts_with("FAIL"));
    assert!(line(&lines, "data directory").contains("chmod 700"));
    assert!(line(&lines, "files").contains("others may read jwt.key"), "{lines:#?}");
    assert!(line(&lines, "cluster key").contains("is damaged: 5 bytes"), "{lines:#?}");
    let key = fs::read_to_string(data.join("jwt.key")).unwrap();
    assert!(!lines.concat().contains(&key), "no secret is printed");
}

#[test]
fn a_database_that_is_none_or_damaged_is_a_failure() {
    let dir = place();
    assert_eq!(Server::start(serve(dir.path(), &[])).stop().0, Some(0));
    fs::write(dir.path().join("data/zvon.db"), "no database ".repeat(1000)).unwrap();
    let (code, lines) = ask(doctor(dir.path(), &[]));
    assert_eq!(code, 1);
    assert!(line(&lines, "database").starts_with("FAIL"), "{lines:#?}");
}

#[test]
fn a_secret_that_everybody_knows_is_a_failure_and_a_short_one_a_warning() {
    let dir = place();
    for (secret, code, word) in [
        ("your-secret-key", 1, "FAIL"),
        ("short but secret", 0, "warn"),
        ("long enough that nobody finds it by trying", 0, "ok"),
    ] {
        let (found, lines) = ask(doctor(dir.path(), &[("JWT_SECRET", secret)]));
        let said = line(&lines, "token secret");
        assert!(found == code && said.starts_with(word), "{lines:#?}");
        assert!(!lines.concat().contains(secret), "it is not printed");
        assert!(line(&lines, "configuration").contains("auth.jwt_secret"));
    }
}

#[test]
fn more_connections_than_files_are_a_failure() {
    let dir = place();
    let mut command = doctor(dir.path(), &[]);
    command.args(["--connections", "4000000000"]);
    let (code, lines) = ask(command);
    assert_eq!(code, 1);
    assert!(line(&lines, "open files").starts_with("FAIL"), "{lines:#?}");
}

#[test]
fn a_wrong_configuration_is_code_2_and_json_is_for_programs() {
    let dir = place();
    let (code, lines) = ask(doctor(dir.path(), &[("ZVON_CHAT__PINS_MAX", "0")]));
    assert_eq!(code, 2);
    assert!(line(&lines, "configuration").contains("chat.pins_max"), "{lines:#?}");
    assert_eq!(run(zvon(dir.path(), &["doctor", "--jason"])).status.code(), Some(2));
    let mut command = doctor(dir.path(), &[("JWT_SECRET", "your-secret-key")]);
    command.arg("--json");
    let output = run(command);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    let checks = report["checks"].as_array().unwrap();
    let failed = checks.iter().filter(|check| check["status"] == "fail").collect::<Vec<_>>();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "token secret");
    assert!(failed[0]["advice"].is_string());
}
