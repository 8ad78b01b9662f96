//! `server.user`: root opens the port, and the server goes on as somebody else.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::process::{Server, failure, place, serve};

/// A user of every system.
const OTHER: &str = "nobody";

fn root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t0\t"))
}

#[test]
fn root_goes_on_as_the_user_for_good_and_others_are_told_that_they_cannot() {
    let dir = place();
    let command = serve(dir.path(), &[("ZVON_SERVER__USER", OTHER)]);
    if !root() {
        let said = failure(command);
        assert!(said.contains("server.user: only root can go on as nobody"), "{said}");
        return;
    }
    // The binary and the place have to be within the other user's reach.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(command);
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let ids = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(|id| id.parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    let uid = ids("Uid:")[0];
    assert_ne!(uid, 0);
    assert_eq!(ids("Uid:"), [uid; 4], "real, effective, saved, of the file system");
    assert!(!ids("Gid:").contains(&0) && !ids("Groups:").contains(&0), "{status}");
    let data = dir.path().join("data");
    assert_eq!(fs::metadata(&data).unwrap().uid(), uid);
    for file in fs::read_dir(&data).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().uid(), uid);
    }
    server.register("a@b.c");
    assert_eq!(server.stop().0, Some(0));
    let again = Server::start(serve(dir.path(), &[("ZVON_SERVER__USER", OTHER)]));
    assert_eq!(again.stop().0, Some(0));
}

#[test]
fn who_it_is_already_needs_no_right() {
    let dir = place();
    let name = fs::read_to_string("/etc/passwd").unwrap();
    let uid = fs::metadata(dir.path()).unwrap().uid().to_string();
    let mut users = name.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let Some(me) = users.find(|user| user[2] == uid) else { return };
    let server = Server::start(serve(dir.path(), &[("ZVON_SERVER__USER", me[0])]));
    assert_eq!(server.stop().0, Some(0));
}
