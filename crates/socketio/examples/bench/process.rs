//! Other processes of this program, and what the kernel says they use.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

/// Ticks of `/proc/PID/stat` in a second.
const TICKS: f64 = 100.0;
const PAGE: u64 = 4096;

/// A process of this program; it goes when this is dropped.
pub struct Child {
    process: std::process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub fn start(args: &[&str]) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut process = Command::new(program).args(args).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(process.stdout.take().context("it has an output")?);
        Ok(Self { process, output })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it says.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    pub fn stop(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.stop();
    }
}

/// CPU seconds that a process has used, its own and the kernel's for it.
pub fn cpu_seconds(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let fields = stat.rsplit(") ").next().context("fields")?;
    let ticks: f64 = fields.split(' ').skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS)
}

/// Resident bytes of a process.
pub fn resident_bytes(id: u32) -> Result<u64> {
    let statm = fs::read_to_string(format!("/proc/{id}/statm"))?;
    let pages: u64 = statm.split(' ').nth(1).context("a second field")?.parse()?;
    Ok(pages * PAGE)
}
