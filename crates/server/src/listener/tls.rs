//! TLS on the door: 1.2 and 1.3, by rustls. A renewed certificate is taken up without a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(30);

/// A certificate and how it is offered. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Shared>);

struct Shared {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads a chain and its key.
    pub(crate) fn load(cert: &Path, key: &Path) -> Result<Self> {
        let config = RwLock::new(Arc::new(read(cert, key)?));
        Ok(Self(Arc::new(Shared { cert: cert.to_owned(), key: key.to_owned(), config })))
    }

    /// Accepts with the certificate as it now is.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.config.read()))
    }

    /// Takes up the files whenever they change, for ever. Files that do not fit each other are
    /// half-written: the old certificate is offered until they do.
    pub(crate) async fn watch(self) {
        let mut known = self.changed();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.changed();
            if now == known {
                continue;
            }
            match read(&self.0.cert, &self.0.key) {
                Ok(config) => {
                    *self.0.config.write() = Arc::new(config);
                    known = now;
                    tracing::info!("a renewed certificate is offered from now on");
                }
                Err(error) => tracing::warn!("the certificate is not taken up: {error:#}"),
            }
        }
    }

    fn changed(&self) -> [Option<SystemTime>; 2] {
        let at = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        [at(&self.0.cert), at(&self.0.key)]
    }
}

fn read(cert: &Path, key: &Path) -> Result<ServerConfig> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .with_context(|| format!("{} is no certificate chain in PEM", cert.display()))?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("{} is no private key in PEM", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .with_context(|| format!("{} and {} do not fit", cert.display(), key.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
