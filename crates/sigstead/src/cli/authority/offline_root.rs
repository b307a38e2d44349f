use std::path::Path;

use anyhow::Context as _;
use sigstead_crypto::{KeyKind, Secret, SoftwareSigner};
use sigstead_x509::Certificate;

use super::Role;
use crate::console;
use crate::data_dir::write_atomically;

const KEY: &str = "root.key";
const CERTIFICATE: &str = "root.pem";

/// A root of one's own, in a folder that is offline but for the minutes in which it signs.
pub(super) struct OfflineRoot {
    pub(super) signer: SoftwareSigner,
    pub(super) certificate: Certificate,
}

impl OfflineRoot {
    /// The root of the folder; made if it is not there, for a role and from now on, with a key of that kind.
    pub(super) async fn open(
        folder: &Path,
        kind: KeyKind,
        password: Option<&Secret<String>>,
        (role, now): (Role, i64),
    ) -> anyhow::Result<Self> {
        let (key_file, certificate_file) = (folder.join(KEY), folder.join(CERTIFICATE));
        if !certificate_file.exists() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            if !key_file.exists() {
                sigstead_keystore::generate_file(&key_file, kind, password)?;
            }
            let signer = sigstead_keystore::open_file(&key_file, password)?;
            let root = role.make_root(&signer, now).await?;
            write_atomically(&certificate_file, root.to_pem().as_bytes(), 0o644)?;
            console::line(format_args!(
                "a root was made in {}; take the folder off this machine and keep two copies: only the next certificate needs it",
                folder.display()
            ));
        }
        let signer = sigstead_keystore::open_file(&key_file, password)
            .with_context(|| format!("cannot use {}", key_file.display()))?;
        let pem = std::fs::read(&certificate_file)?;
        let certificate = Certificate::from_pem(&pem)
            .with_context(|| format!("{} is no certificate", certificate_file.display()))?;
        Ok(Self { signer, certificate })
    }
}
