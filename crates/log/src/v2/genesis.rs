use sigstead_crypto::{KeyError, KeyKind, SignError, Signer as _, SoftwareSigner, sha256};
use sigstead_entry::v2::{Algorithms, HashedRekord, KeyDetails, Material, Verifier};
use sigstead_entry::{Canonical, Rejection};
use sigstead_store::{Database, TreeState, TreeStore as _};
use sigstead_tlog::AppendError;

use super::error::Error;
use super::service::RekorV2;

impl RekorV2 {
    /// Gives an empty log an entry of its own. Protobuf's JSON leaves zeros out: sigstore-java cannot write a bundle
    /// of index 0, sigstore-python cannot read what others wrote.
    ///
    /// # Errors
    /// When the entry cannot be made or stored.
    pub async fn seed_genesis(&self, database: &Database) -> Result<(), GenesisError> {
        let tree = self.log.tree();
        let head = database.head(tree.key).await.map_err(AppendError::from)?;
        if tree.state != TreeState::Active || head.size() > 0 {
            return Ok(());
        }
        match self.append(&genesis_entry(&tree.origin)?).await {
            // Health tells of a fork. Too few witnesses: it is in the log. Frozen or overloaded: then others write.
            Err(Error::Log(why)) if !matches!(why, AppendError::Forked(_)) => Err(why.into()),
            _ => Ok(()),
        }
    }
}

/// The key signs this once and is gone: the log's own is of a kind that signs no digests.
fn genesis_entry(origin: &str) -> Result<Canonical, GenesisError> {
    let message = format!("sigstead genesis of {origin}\n");
    let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
    let entry = HashedRekord {
        digest: sha256(message.as_bytes()).to_vec(),
        signature: key.sign_now(message.as_bytes())?,
        verifier: Verifier {
            material: Material::PublicKey(key.public_key().spki_der().to_vec()),
            key_details: KeyDetails::EcdsaP256.number(),
        },
    };
    Ok(entry.verify(&Algorithms::head())?)
}

/// Why the log's first entry was not made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// No key was made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The entry is not one that a log takes.
    #[error(transparent)]
    Entry(#[from] Rejection),
    /// The engine.
    #[error(transparent)]
    Log(#[from] AppendError),
}
