//! The link itself: TLS, passwords, an address where nobody is.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zvon_backplane::limiter::RedisLimiter;
use zvon_backplane::node::Alone;
use zvon_backplane::redis::{Address, Link};
use zvon_core::limiter::{Limiter, Window};
use zvon_testkit::ports::free_port;
use zvon_testkit::redis::Server;

const SOON: Duration = Duration::from_secs(5);

/// Whether a decision is made by that server.
async fn decides(link: &Arc<Link>, server: &Server) -> bool {
    let limiter = RedisLimiter::new(Arc::clone(link), Arc::new(Alone));
    limiter.check("ann", "message", Window::per_minute(10)).await;
    server.cli(&["EXISTS", "rate:{ann}:message"]) == "1"
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_an_authority_of_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let port = free_port().to_string();
    let server = Server::with(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &cert,
        "--tls-auth-clients",
        "no",
    ]);
    let address: Address = format!("rediss://127.0.0.1:{port}").parse().unwrap();
    let stranger = Link::open(address.clone());
    assert!(!stranger.ready(Duration::from_secs(1)).await, "nobody vouches for that server");
    let link = Link::open(address.with_ca(made.cert.pem().into_bytes()));
    assert!(link.ready(SOON).await && link.health().up);
    assert!(decides(&link, &server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_needed_and_the_database_is_chosen() {
    let server = Server::start();
    assert_eq!(server.cli(&["ACL", "SETUSER", "zvon", "on", ">secret", "~*", "&*", "+@all"]), "OK");
    let url = |password: &str| format!("redis://zvon:{password}@127.0.0.1:{}/3", server.port());
    let refused = Link::open(url("guess").parse().unwrap());
    assert!(!refused.ready(Duration::from_millis(500)).await);
    let link = Link::open(url("secret").parse().unwrap());
    assert!(link.ready(SOON).await);
    assert!(!decides(&link, &server).await, "it counts elsewhere");
    assert_eq!(server.cli(&["-n", "3", "DBSIZE"]), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_calls_fail_at_once_and_a_server_that_comes_is_found() {
    let port = free_port();
    let link = Link::open(format!("redis://127.0.0.1:{port}").parse().unwrap());
    let limiter = RedisLimiter::new(Arc::clone(&link), Arc::new(Alone));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    for _ in 0..100 {
        limiter.check("ann", "message", Window::per_minute(10)).await;
    }
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    assert!(!link.health().up);
    let server = Server::at(port, &[]);
    assert!(link.ready(SOON).await);
    assert!(decides(&link, &server).await);
}
