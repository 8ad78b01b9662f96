//! A private PgBouncer in transaction mode, before a cluster.

use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::guard::{Guard, directory, run, unprivileged};
use crate::ports::free_port;
use crate::postgres::Cluster;

const PATIENCE: Duration = Duration::from_secs(10);

/// A running pooler. Dropping it stops it.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    _guard: Guard,
}

impl PgBouncer {
    /// Starts one with so many connections to each database of the cluster.
    ///
    /// # Panics
    /// If PgBouncer is not installed or does not start.
    #[must_use]
    pub fn start(cluster: &Cluster, connections: u32) -> Self {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .expect("PgBouncer is not installed: apt-get install pgbouncer");
        let (dir, port, behind) = (directory("pgbouncer"), free_port(), cluster.port());
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={behind} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\nadmin_users = admin\n\
             pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 200\n"
        );
        let script = format!("cat > {dir}/settings.ini <<'END'\n{settings}END\n");
        run(unprivileged("sh").args(["-c", &script]));
        let begin = format!("{program} {dir}/settings.ini > {dir}/log 2>&1 &");
        let guard = Guard::start(&begin, &format!("kill $!; wait; rm -rf {dir}"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "PgBouncer does not listen; its log is {dir}/log");
            std::thread::yield_now();
        }
        Self { port, _guard: guard }
    }

    /// The address of a database behind it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}
