use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sigstead_crypto::{Signer, olpc_json};

use super::key::{Key, verifies};
use super::{Metadata, Role, Root, TufError};

/// Longest metadata that is read: what clients allow the largest role.
const MAX_METADATA: usize = 5_000_000;
/// Most signatures in a file: each costs a verification, and no ceremony has so many people.
const MAX_SIGNATURES: usize = 256;

/// A metadata file: what is signed, and by whom (TUF specification §4.2). Nothing is believed before
/// [`Envelope::verify`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    signatures: Vec<Signature>,
    /// As it was read: signatures also cover fields that are not known here.
    signed: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Signature {
    keyid: String,
    /// In hex.
    sig: String,
}

impl Envelope {
    /// From a file's bytes.
    ///
    /// # Errors
    /// When it is too large, or not metadata.
    pub fn parse(file: &[u8]) -> Result<Self, TufError> {
        if file.len() > MAX_METADATA {
            return Err(TufError::Malformed(format!("longer than {MAX_METADATA} bytes")));
        }
        let envelope: Self =
            serde_json::from_slice(file).map_err(|error| TufError::Malformed(error.to_string()))?;
        if envelope.signatures.len() > MAX_SIGNATURES {
            return Err(TufError::Malformed(format!("more than {MAX_SIGNATURES} signatures")));
        }
        Ok(envelope)
    }

    /// Without signatures yet.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub fn unsigned<B: Serialize>(metadata: &Metadata<B>) -> Result<Self, TufError> {
        Ok(Self { signatures: Vec::new(), signed: serde_json::to_value(metadata)? })
    }

    /// As a file. Indented, for people sign it.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub fn to_file(&self) -> Result<Vec<u8>, TufError> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Whose file it says it is.
    ///
    /// # Errors
    /// When it names no role.
    pub fn role(&self) -> Result<Role, TufError> {
        let role = self.signed.get("_type").cloned().unwrap_or_default();
        serde_json::from_value(role).map_err(|error| TufError::Malformed(error.to_string()))
    }

    /// What it says, as that role's file.
    ///
    /// # Errors
    /// When it is another role's, or not written as TUF wants it.
    pub fn metadata<B: DeserializeOwned>(&self, role: Role) -> Result<Metadata<B>, TufError> {
        let metadata: Metadata<B> = serde_json::from_value(self.signed.clone())
            .map_err(|error| TufError::Malformed(format!("{role}: {error}")))?;
        match metadata.role == role && metadata.version > 0 {
            true => Ok(metadata),
            false => Err(TufError::Malformed(format!("this is {} {}", metadata.role, metadata.version))),
        }
    }

    /// Adds a signature, in the place of an earlier one by the same key; that key's id.
    ///
    /// # Errors
    /// When the key is of a kind that TUF clients do not take, or does not sign.
    pub async fn sign(&mut self, signer: &dyn Signer) -> Result<String, TufError> {
        let keyid = Key::of(signer.public_key())?.id();
        let sig = hex::encode(signer.sign(&self.message()?).await?);
        self.signatures.retain(|signature| signature.keyid != keyid);
        self.signatures.push(Signature { keyid: keyid.clone(), sig });
        Ok(keyid)
    }

    /// Takes over the signatures of a copy that was signed elsewhere.
    ///
    /// # Errors
    /// When it is no copy.
    pub fn merge(&mut self, copy: Self) -> Result<(), TufError> {
        if copy.signed != self.signed {
            return Err(TufError::NotCopies);
        }
        self.signatures.retain(|ours| copy.signatures.iter().all(|theirs| theirs.keyid != ours.keyid));
        self.signatures.extend(copy.signatures);
        Ok(())
    }

    /// Checks that enough of a role's keys signed, as `root` wants it.
    ///
    /// # Errors
    /// When too few did.
    pub fn verify(&self, root: &Root, role: Role) -> Result<(), TufError> {
        let (valid, needed) = (self.signed_by(root, role)?.len(), root.role(role).threshold);
        match needed > 0 && valid >= needed {
            true => Ok(()),
            false => Err(TufError::TooFewSignatures { role, valid, needed }),
        }
    }

    /// The ids of a role's keys that signed; a key that is listed under several ids counts once.
    ///
    /// # Errors
    /// When there is nothing that could be signed.
    pub fn signed_by(&self, root: &Root, role: Role) -> Result<Vec<String>, TufError> {
        let message = self.message()?;
        let allowed = &root.role(role).keyids;
        let verified = self.signatures.iter().filter(|one| allowed.contains(&one.keyid)).filter_map(|one| {
            let key = root.keys.get(&one.keyid)?.public_key().ok()?;
            let signature = hex::decode(&one.sig).ok()?;
            verifies(&key, &message, &signature).then(|| (key.fingerprint(), one.keyid.clone()))
        });
        Ok(verified.collect::<BTreeMap<_, _>>().into_values().collect())
    }

    /// What is signed, whatever it says.
    pub(crate) const fn signed(&self) -> &Value {
        &self.signed
    }

    /// Key ids and what stands for signatures.
    pub(crate) fn signatures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.signatures.iter().map(|one| (one.keyid.as_str(), one.sig.as_str()))
    }

    /// The bytes that signatures are over (TUF specification §4.2.1).
    pub(crate) fn message(&self) -> Result<Vec<u8>, TufError> {
        olpc_json::encode(&self.signed)
            .ok_or_else(|| TufError::Malformed("a number that is not whole".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sigstead_clock::Timestamp;
    use sigstead_crypto::{KeyKind, SoftwareSigner};

    use super::super::{RootPlan, Signatories};
    use super::*;

    fn signers(count: usize) -> Vec<SoftwareSigner> {
        (0..count).map(|_| SoftwareSigner::generate(KeyKind::Ed25519).unwrap()).collect()
    }

    fn root(signers: &[SoftwareSigner], threshold: usize) -> Metadata<Root> {
        let keys = signers.iter().map(|signer| signer.public_key().clone()).collect();
        let online = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap().public_key().clone();
        RootPlan {
            root: Signatories { keys, threshold },
            targets: Signatories { keys: vec![online.clone()], threshold: 1 },
            snapshot: online.clone(),
            timestamp: online,
            expires: Timestamp::from_seconds(2_000_000_000),
        }
        .metadata(1)
        .unwrap()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        // Any of the keys in any order, some twice, strangers and damaged signatures among them.
        #[test]
        fn as_many_different_keys_as_the_threshold(
            threshold in 1_usize..5,
            signing in prop::collection::vec((0_usize..7, any::<bool>()), 0..12),
        ) {
            let signers = signers(7);
            let root = root(&signers[..5], threshold);
            let mut envelope = Envelope::unsigned(&root).unwrap();
            let mut counted = BTreeMap::new();
            for (who, is_damaged) in signing {
                block_on(envelope.sign(&signers[who])).unwrap();
                if is_damaged {
                    let last = envelope.signatures.last_mut().unwrap();
                    last.sig.replace_range(0..1, if last.sig.starts_with('0') { "1" } else { "0" });
                }
                counted.insert(who, !is_damaged);
            }
            let valid = counted.iter().filter(|(who, valid)| **who < 5 && **valid).count();
            prop_assert_eq!(envelope.verify(&root.body, Role::Root).is_ok(), valid >= threshold);
            let again = Envelope::parse(&envelope.to_file().unwrap()).unwrap();
            prop_assert_eq!(again.signed_by(&root.body, Role::Root).unwrap().len(), valid);
        }

        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}\\[\\]\":,_a-z0-9]{0,80}") {
            let _refused = Envelope::parse(&bytes);
            let _refused = Envelope::parse(text.as_bytes()).map(|file| file.metadata::<Root>(Role::Root).is_ok());
        }
    }

    #[test]
    fn one_key_under_two_ids_counts_once() {
        let signers = signers(2);
        let mut root = root(&signers, 2);
        let id = Key::of(signers[0].public_key()).unwrap().id();
        let other = "ab".repeat(32);
        root.body.keys.insert(other.clone(), root.body.keys[&id].clone());
        root.body.roles.root.keyids.push(other.clone());
        let mut envelope = Envelope::unsigned(&root).unwrap();
        block_on(envelope.sign(&signers[0])).unwrap();
        let sig = envelope.signatures[0].sig.clone();
        envelope.signatures.push(Signature { keyid: other, sig });
        let refused = envelope.verify(&root.body, Role::Root);
        assert!(
            matches!(refused, Err(TufError::TooFewSignatures { valid: 1, needed: 2, .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn copies_come_together_and_others_do_not() {
        let signers = signers(2);
        let root = root(&signers, 2);
        let mut copies = [Envelope::unsigned(&root).unwrap(), Envelope::unsigned(&root).unwrap()];
        for (copy, signer) in copies.iter_mut().zip(&signers) {
            block_on(copy.sign(signer)).unwrap();
            copy.verify(&root.body, Role::Root).unwrap_err();
        }
        let [mut first, second] = copies;
        first.merge(second.clone()).unwrap();
        first.merge(second).unwrap();
        first.verify(&root.body, Role::Root).unwrap();
        assert_eq!(first.signatures.len(), 2);
        let other = Envelope::unsigned(&Metadata { version: 2, ..root }).unwrap();
        assert!(matches!(first.merge(other), Err(TufError::NotCopies)));
    }

    #[test]
    fn fields_that_are_not_known_here_are_signed_too() {
        let signers = signers(1);
        let root = root(&signers, 1);
        let mut envelope = Envelope::unsigned(&root).unwrap();
        envelope.signed["x-later"] = "here".into();
        block_on(envelope.sign(&signers[0])).unwrap();
        let mut read = Envelope::parse(&envelope.to_file().unwrap()).unwrap();
        read.verify(&root.body, Role::Root).unwrap();
        read.signed["x-later"] = "there".into();
        read.verify(&root.body, Role::Root).unwrap_err();
    }
}
