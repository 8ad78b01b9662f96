//! What the system says of this process, under the names that every Prometheus client uses.

use std::fmt;
use std::fs::read_to_string;

use tokio::runtime::Handle;
use zvon_core::clock::{Clock, SystemClock};

/// Ticks of a second in `/proc/self/stat`; the same on every Linux that we build for.
const TICKS: f64 = 100.0;

/// The figures of one moment; what the system does not tell is left out.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Process {
    cpu_seconds: Option<f64>,
    threads: Option<u64>,
    resident: Option<u64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
    tasks: Option<u64>,
    begun: f64,
}

/// Seconds since the epoch.
pub(super) fn now() -> f64 {
    SystemClock.now().0 as f64 / 1000.0
}

impl Process {
    /// Asks the system; files are read, so not for a thread that others wait for.
    pub(super) fn read(begun: f64) -> Self {
        let stat = read_to_string("/proc/self/stat").unwrap_or_default();
        let status = read_to_string("/proc/self/status").unwrap_or_default();
        let limits = read_to_string("/proc/self/limits").unwrap_or_default();
        let fds = std::fs::read_dir("/proc/self/fd").ok();
        let runtime = Handle::try_current().ok();
        Self {
            cpu_seconds: cpu_seconds(&stat),
            threads: number_after(&status, "Threads:"),
            resident: number_after(&status, "VmRSS:").map(|kib| kib * 1024),
            // The listing holds one itself.
            open_fds: fds.map(|fds| (fds.count() as u64).saturating_sub(1)),
            max_fds: number_after(&limits, "Max open files"),
            tasks: runtime.map(|runtime| runtime.metrics().num_alive_tasks() as u64),
            begun,
        }
    }
}

/// User and system time together. The name before them may hold anything, even brackets.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = |value: Option<u64>| value.map(|value| value as f64);
        let figures = [
            ("process_cpu_seconds_total", "counter", self.cpu_seconds),
            ("process_resident_memory_bytes", "gauge", float(self.resident)),
            ("process_open_fds", "gauge", float(self.open_fds)),
            ("process_max_fds", "gauge", float(self.max_fds)),
            ("process_threads", "gauge", float(self.threads)),
            ("process_start_time_seconds", "gauge", Some(self.begun)),
            ("zvon_tasks", "gauge", float(self.tasks)),
        ];
        for (name, kind, value) in figures {
            if let Some(value) = value {
                writeln!(f, "# TYPE {name} {kind}\n{name} {value}\n")?;
            }
        }
        let version = env!("CARGO_PKG_VERSION");
        writeln!(f, "# TYPE zvon_build_info gauge\nzvon_build_info{{version=\"{version}\"}} 1")
    }
}

#[cfg(test)]
mod tests {
    use super::{Process, cpu_seconds, number_after};

    #[test]
    fn the_system_s_files_are_read() {
        let stat = "7 (a) b (zvon) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("7 (zvon) S 1"), None);
        let limits = "Limit   Soft Limit   Hard Limit\nMax open files   1024   4096   files\n";
        assert_eq!(number_after(limits, "Max open files"), Some(1024));
        assert_eq!(number_after("VmRSS:\t  2048 kB", "VmRSS:"), Some(2048));
        assert_eq!(number_after("Max open files   unlimited", "Max open files"), None);
    }

    #[test]
    fn this_process_has_all_figures_and_what_is_missing_is_left_out() {
        let shown = Process::read(1.5).to_string();
        for name in ["cpu_seconds_total", "resident_memory_bytes", "open_fds", "threads"] {
            assert!(shown.contains(&format!("\nprocess_{name} ")), "{name}: {shown}");
        }
        assert!(shown.contains("\nprocess_start_time_seconds 1.5\n"), "{shown}");
        assert!(!shown.contains("zvon_tasks"), "there is no runtime here");
        assert!(!Process::default().to_string().contains("open_fds"));
    }
}
