//! Secrets: configured, read from a file, or made and kept for the owner alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Server, failure, place, refusal, serve};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn without_one_a_random_secret_is_made_for_the_owner_alone_and_kept() {
    let (dir, other) = (place(), place());
    let server = Server::start(serve(dir.path(), &[]));
    let token = server.register("a@b.c");
    let data = dir.path().join("data");
    assert_eq!(mode(&data), 0o700);
    let mut names = Vec::new();
    for file in fs::read_dir(&data).unwrap() {
        let file = file.unwrap();
        names.push(file.file_name().into_string().unwrap());
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
    }
    names.sort_unstable();
    let all = ["cluster.key", "jwt.key", "lock", "zvon.db", "zvon.db-shm", "zvon.db-wal"];
    assert_eq!(names, all);
    let secret = fs::read_to_string(data.join("jwt.key")).unwrap();
    assert!(secret.len() >= 32);
    assert_eq!(server.stop().0, Some(0));
    let server = Server::start(serve(dir.path(), &[]));
    assert_eq!(server.me(&token), 200, "kept over a restart");
    let stranger = Server::start(serve(other.path(), &[]));
    assert_eq!(stranger.me(&token), 401);
    assert_ne!(fs::read_to_string(other.path().join("data/jwt.key")).unwrap(), secret);
}

#[test]
fn a_data_directory_that_was_open_to_others_is_closed_to_them() {
    let dir = place();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(serve(dir.path(), &[]));
    assert_eq!(mode(&data), 0o700);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_secret_from_a_file_is_used_without_the_blanks_around_it() {
    let dir = place();
    fs::write(dir.path().join("secret"), "  from a file, long enough\n").unwrap();
    let server = Server::start(serve(dir.path(), &[("ZVON_AUTH__JWT_SECRET_FILE", "secret")]));
    let token = server.register("a@b.c");
    assert_eq!(server.stop().0, Some(0));
    let server = Server::start(serve(dir.path(), &[("JWT_SECRET", "from a file, long enough")]));
    assert_eq!(server.me(&token), 200);
}

#[test]
fn a_missing_or_empty_file_is_refused_and_a_damaged_key_is_not_replaced() {
    let dir = place();
    fs::write(dir.path().join("empty"), " \n").unwrap();
    for file in ["empty", "missing", "."] {
        let said = refusal(serve(dir.path(), &[("ZVON_AUTH__JWT_SECRET_FILE", file)]));
        assert!(said.contains("auth.jwt_secret_file"), "{said}");
    }
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::write(dir.path().join("data/cluster.key"), "short").unwrap();
    let said = failure(serve(dir.path(), &[]));
    assert!(said.contains("too short to be a secret"), "{said}");
    assert_eq!(fs::read_to_string(dir.path().join("data/cluster.key")).unwrap(), "short");
}

#[test]
fn the_secret_that_everybody_knows_is_warned_of_and_no_secret_is_logged() {
    let dir = place();
    let variables = [("JWT_SECRET", "your-secret-key"), ("ZVON_LOG__LEVEL", "trace")];
    let server = Server::start(serve(dir.path(), &variables));
    let token = server.register("a@b.c");
    let (code, logs) = server.stop();
    assert_eq!(code, Some(0));
    assert!(logs.contains("the one everybody knows"), "{logs}");
    let cluster = fs::read_to_string(dir.path().join("data/cluster.key")).unwrap();
    for secret in ["your-secret-key", "long enough", &token, &cluster, "argon2id"] {
        assert!(!logs.contains(secret), "{secret} is in the logs");
    }
}
