//! Secrets that the server makes for itself: 32 random bytes in a file of mode 0600.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::config::Config;

/// The key that message ids are made from.
pub(crate) const CLUSTER_KEY: &str = "cluster.key";
/// The key that signs access tokens, if none is configured.
pub(crate) const JWT_KEY: &str = "jwt.key";
/// The secret that the existing back end comes with, and everybody knows.
pub(crate) const KNOWN: &str = "your-secret-key";

/// The keys that nodes share, what signs first; alone, the own one, made and kept.
pub(crate) fn cluster_keys(config: &Config) -> Result<Vec<Vec<u8>>> {
    let configured = config.cluster_keys().map_err(|error| anyhow::anyhow!(error.to_string()))?;
    if configured.is_empty() {
        return Ok(vec![keep(&config.server.data, CLUSTER_KEY)?]);
    }
    Ok(configured)
}

/// The secret of that name, made at its first use.
pub(crate) fn keep(dir: &Path, name: &str) -> Result<Vec<u8>> {
    let path = dir.join(name);
    match fs::read(&path) {
        Ok(secret) if secret.len() >= 32 => return Ok(secret),
        Ok(_) => anyhow::bail!("{} is too short to be a secret", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut file = made.with_context(|| format!("{}", path.display()))?;
    file.write_all(secret.as_bytes()).and_then(|()| file.sync_all())?;
    Ok(secret.into_bytes())
}
