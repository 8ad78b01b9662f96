//! What a process has used of the processor, for measurements.

use std::time::Duration;

/// Clock ticks a second, as /proc counts on Linux.
const TICKS: f64 = 100.0;

/// The CPU time that a process and its children have used, those that are gone included.
///
/// # Panics
/// Without /proc.
#[must_use]
pub fn of(process: u32) -> Duration {
    let stat = |pid: &str| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = text.rsplit_once(')').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        let fields: Vec<f64> = fields.split(' ').filter_map(|field| field.parse().ok()).collect();
        // From the parent's id on: utime, stime, cutime, cstime stand ten to thirteen behind it.
        fields.get(10..14).map(|times| (fields[0], times[0] + times[1], times[2] + times[3]))
    };
    let own = stat(&process.to_string()).map_or(0.0, |(_, own, gone)| own + gone);
    let processes = std::fs::read_dir("/proc").expect("it is Linux").flatten();
    let children = processes.filter_map(|entry| stat(entry.file_name().to_str()?));
    let children = children.filter(|(parent, ..)| (parent - f64::from(process)).abs() < 0.5);
    let children: f64 = children.map(|(_, own, gone)| own + gone).sum();
    Duration::from_secs_f64((own + children) / TICKS)
}
