//! A private PostgreSQL cluster.
//!
//! `initdb` takes most of a second, so a test process shares one ([`shared`]) and gives each test
//! a database, copied from a template where one is named. What stops the server takes one of its
//! own ([`Cluster::start`]).

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::guard::{Guard, directory, run, unprivileged};
use crate::ports::free_port;

/// Whether a commit is on disk when it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It is, as in production.
    Synced,
    /// It is not: fast, and lost with the machine.
    Lazy,
}

/// A running server. Dropping it stops it and removes its files.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    dir: String,
    port: u16,
    databases: AtomicU32,
    _guard: Guard,
}

/// The cluster of this test process.
pub fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(Disk::Lazy))
}

impl Cluster {
    /// Makes and starts a cluster.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start(disk: Disk) -> Self {
        let (bin, dir, port) = (binaries(), directory("postgres"), free_port());
        let data = format!("{dir}/data");
        let mut initdb = unprivileged(&bin.join("initdb").to_string_lossy());
        let options = "-U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions";
        run(initdb.args(["-D", &data]).args(options.split(' ')));
        let mut settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{dir}'\n\
             max_connections = 200\nshared_buffers = 64MB\n"
        );
        if disk == Disk::Lazy {
            settings += "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";
        }
        let script = format!("cat >> {data}/postgresql.conf <<'END'\n{settings}END\n");
        run(unprivileged("sh").args(["-c", &script]));
        let control = bin.join("pg_ctl").display().to_string();
        let end = format!("{control} -D {data} -m immediate stop; rm -rf {dir}");
        let cluster =
            Self { bin, dir, port, databases: AtomicU32::new(0), _guard: Guard::start(":", &end) };
        cluster.start_again();
        cluster
    }

    /// Stops it as a crash would: nothing is flushed, every connection is cut.
    ///
    /// # Panics
    /// If it does not run.
    pub fn crash(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts it after a crash; returns when it answers.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self) {
        self.control(&["-w", "-l", &format!("{}/log", self.dir), "start"]);
    }

    /// Lets it speak TLS, with a certificate that nobody vouches for.
    ///
    /// # Panics
    /// If there is no `openssl`.
    pub fn encrypt(&self) {
        let data = format!("{}/data", self.dir);
        let mut openssl = unprivileged("openssl");
        let options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
            -subj /CN=localhost";
        openssl.args(options.split_whitespace());
        let (key, certificate) = (format!("{data}/server.key"), format!("{data}/server.crt"));
        run(openssl.args(["-keyout", &key, "-out", &certificate]));
        self.sql("postgres", "ALTER SYSTEM SET ssl = on");
        self.restart();
    }

    /// Lets it count its statements: `pg_stat_statements`, in every database made from here on.
    ///
    /// # Panics
    /// If the extension is not installed.
    pub fn count_statements(&self) {
        self.sql("postgres", "ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements");
        self.restart();
        self.sql("template1", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    }

    fn restart(&self) {
        self.control(&["-m", "fast", "-w", "-l", &format!("{}/log", self.dir), "restart"]);
    }

    fn control(&self, what: &[&str]) {
        let mut control = unprivileged(&self.bin.join("pg_ctl").to_string_lossy());
        control.args(["-D", &format!("{}/data", self.dir)]).args(what);
        control.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = control.status().expect("pg_ctl starts");
        assert!(status.success(), "pg_ctl {what:?} failed; its log is {}/log", self.dir);
    }

    /// What the server has logged.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        run(unprivileged("cat").arg(format!("{}/log", self.dir)))
    }

    /// Where it listens on the loopback interface.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the server, the parent of all of its others.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let file = format!("{}/data/postmaster.pid", self.dir);
        let text = run(unprivileged("head").args(["-n", "1", &file]));
        text.trim().parse().expect("it begins with a number")
    }

    /// The address of a database in it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database of a new name, empty or a copy of another that nobody uses; the name.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn create_database(&self, template: Option<&str>) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let template = template.unwrap_or("template1");
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        name
    }

    /// Runs statements in a database; what they answer, unaligned.
    ///
    /// # Panics
    /// If one of them fails.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        run(psql.arg(self.url(database))).trim().to_owned()
    }

    /// Lets clients run a prepared statement for whole seconds, `rate` times a second together:
    /// PostgreSQL's own `pgbench`. How many times a second they did.
    ///
    /// # Panics
    /// If the statement fails.
    #[must_use]
    pub fn paced(&self, database: &str, sql: &str, clients: u32, rate: f64, seconds: u64) -> f64 {
        let script = format!("{}/script", self.dir);
        let write = format!("cat > {script} <<'END'\n{sql};\nEND\n");
        run(unprivileged("sh").args(["-c", &write]));
        let mut bench = unprivileged(&self.bin.join("pgbench").to_string_lossy());
        bench.args(["-n", "-M", "prepared", "-f", &script, "-c", &clients.to_string()]);
        bench.args(["-R", &rate.to_string(), "-T", &seconds.to_string(), &self.url(database)]);
        let said = run(&mut bench);
        let done = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let done = done.and_then(|rest| rest.split(' ').next()?.parse().ok());
        done.expect("pgbench says how many there were")
    }
}

/// The newest version that is installed.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL's server is not installed: apt-get install postgresql").1
}
