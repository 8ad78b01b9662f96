//! An account of the existing back end signs in with its old password, and is hashed anew:
//! scenario 18.

use zvon_core::account::Account;
use zvon_core::account::store::{AccountStore, NewAccount};
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;
use zvon_store::sqlite::Sqlite;

use crate::process::{Server, place, serve};

const EMAIL: &str = "old@example.org";
/// bcrypt of "an old password", cost 10, as the existing back end stores it.
const OLD: &str = "$2b$10$abcdefghijklmnopqrstuuAoEKbT94EPXNlVUE9AK2Q/3bKYld/ZS";

async fn store(dir: &std::path::Path) -> Sqlite {
    Sqlite::open(&dir.join("data/zvon.db"), 1).await.unwrap()
}

async fn hash(dir: &std::path::Path) -> String {
    let store = store(dir).await;
    let (_, hash) = store.account_by_email(EMAIL).await.unwrap().unwrap();
    store.close().await;
    hash
}

#[tokio::test]
async fn a_bcrypt_row_signs_in_is_argon2id_afterwards_and_signs_in_again() {
    let dir = place();
    assert_eq!(Server::start(serve(dir.path(), &[])).stop().0, Some(0));
    let id = UserId("0190a5f0-7e2b-7c3d-8e4f-0123456789ab".parse().unwrap());
    let (email, name) = (EMAIL.to_owned(), "Old".to_owned());
    let account =
        Account { id, email, name, created_at: Timestamp(0), last_seen: None, disabled_at: None };
    let opened = store(dir.path()).await;
    let new = NewAccount { account, password_hash: OLD.to_owned() };
    assert!(opened.create_account(&new).await.unwrap());
    opened.close().await;

    let server = Server::start(serve(dir.path(), &[]));
    let sign_in = |password: &str| {
        let body = format!(r#"{{"email":"{EMAIL}","password":"{password}"}}"#);
        server.ask("POST", "/auth/login", "", &body).status
    };
    assert_eq!(sign_in("another password"), 401);
    assert_eq!(sign_in("an old password"), 201);
    assert_eq!(sign_in("an old password"), 201);
    assert_eq!(sign_in("another password"), 401);
    assert_eq!(server.stop().0, Some(0));
    let now = hash(dir.path()).await;
    assert!(now.starts_with("$argon2id$"), "{now}");
    let server = Server::start(serve(dir.path(), &[]));
    let body = format!(r#"{{"email":"{EMAIL}","password":"an old password"}}"#);
    assert_eq!(server.ask("POST", "/auth/login", "", &body).status, 201);
}
