//! The data directory and the port: what is in the way is one line and exit code 1.

use std::fs;

use crate::process::{Server, failure, place, serve, zvon};

#[test]
fn a_port_that_is_taken() {
    let dir = place();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = failure(zvon(dir.path(), &["serve", "--listen", &address]));
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_data_directory_that_cannot_be_one() {
    let dir = place();
    fs::write(dir.path().join("data"), "a file").unwrap();
    let said = failure(serve(dir.path(), &[]));
    assert!(said.contains("data"), "{said}");
}

#[test]
fn a_database_that_is_none_is_left_alone() {
    let dir = place();
    fs::create_dir(dir.path().join("data")).unwrap();
    let file = dir.path().join("data/zvon.db");
    fs::write(&file, "this is no database, ".repeat(100)).unwrap();
    let said = failure(serve(dir.path(), &[]));
    assert!(said.contains("zvon.db cannot be opened"), "{said}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("this is no database"));
}

#[test]
fn a_directory_belongs_to_one_server_at_a_time() {
    let dir = place();
    let first = Server::start(serve(dir.path(), &[]));
    let said = failure(serve(dir.path(), &[]));
    assert!(said.contains("used by another server"), "{said}");
    assert_eq!(first.ask("GET", "/health", "", "").status, 200);
    drop(first);
    let second = Server::start(serve(dir.path(), &[]));
    assert_eq!(second.stop().0, Some(0), "a killed server leaves no lock behind");
}
