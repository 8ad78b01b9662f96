//! Ports that nobody listens on.

use std::net::TcpListener;

/// A port of the loopback interface that is free now.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// A free port whose neighbour ten thousand above is free too (a Redis cluster's bus).
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_pair() -> u16 {
    for _ in 0..1000 {
        // Asking the system spreads the tries.
        let port = 20_000 + free_port() % 9_000;
        let both = [port, port + 10_000].map(|port| TcpListener::bind(("127.0.0.1", port)));
        if both.iter().all(Result::is_ok) {
            return port;
        }
    }
    panic!("no two free ports");
}
