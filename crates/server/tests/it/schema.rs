//! `zvon migrate`, `store.migrate` and `zvon epoch` on a data directory.

use std::path::Path;
use std::process::Output;

use crate::process::{Server, failure, place, run, serve, text, zvon};

fn command(dir: &Path, args: &[&str]) -> Output {
    run(zvon(dir, args))
}

fn said(dir: &Path, args: &[&str]) -> String {
    let output = command(dir, args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_server_that_may_not_migrate_waits_for_who_does() {
    let dir = place();
    let not = [("ZVON_STORE__MIGRATE", "false")];
    assert!(failure(serve(dir.path(), &not)).contains("there is no database"));
    let first = said(dir.path(), &["migrate"]);
    assert!(first.starts_with("applied 1: log\n"), "{first}");
    assert!(first.trim_end().ends_with("as this program's"), "{first}");
    assert!(said(dir.path(), &["migrate", "--check"]).contains("as this program's"));
    assert_eq!(said(dir.path(), &["migrate", "--print"]), "");
    let again = said(dir.path(), &["migrate"]);
    assert!(!again.contains("applied"), "{again}");
    let server = Server::start(serve(dir.path(), &not));
    server.register("a@b.c");
    // It has the directory, and so nobody changes what it stands on.
    for args in [&["migrate"][..], &["epoch", "--renew"]] {
        assert!(failure(zvon(dir.path(), args)).contains("used by another server"), "{args:?}");
    }
    assert!(said(dir.path(), &["migrate", "--check"]).contains("as this program's"));
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn an_epoch_is_told_and_renewed_and_needs_a_database() {
    let dir = place();
    assert!(failure(zvon(dir.path(), &["epoch", "--renew"])).contains("there is no database"));
    assert!(!dir.path().join("data").exists(), "nothing is made");
    assert!(failure(zvon(dir.path(), &["migrate", "--check"])).contains("there is no database"));
    said(dir.path(), &["migrate"]);
    let old = said(dir.path(), &["epoch"]);
    let new = said(dir.path(), &["epoch", "--renew"]);
    assert_ne!(old, new);
    assert_eq!(said(dir.path(), &["epoch"]), new);
    let output = command(dir.path(), &["migrate", "--check", "--print"]);
    assert_eq!(output.status.code(), Some(2), "one or the other");
}
