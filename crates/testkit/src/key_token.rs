use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sigstead_crypto::{PublicKey, SignError, SignFuture, SignatureAlgorithm, Signer};

/// A token with keys, which can be taken out and put back. Clones are the same token.
#[derive(Debug, Clone)]
pub struct KeyToken {
    /// How many signatures it still makes.
    left: Arc<AtomicUsize>,
}

/// A key that signs while its token does.
#[derive(Debug)]
struct KeyInToken {
    key: Arc<dyn Signer>,
    token: KeyToken,
}

impl KeyToken {
    /// One that makes so many signatures, as if it were taken out after them.
    pub fn signing(times: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(times)) }
    }

    /// The key, as it is in this token.
    pub fn hold(&self, key: Arc<dyn Signer>) -> Arc<dyn Signer> {
        Arc::new(KeyInToken { key, token: self.clone() })
    }

    /// None of its keys signs from now on.
    pub fn take_out(&self) {
        self.left.store(0, Ordering::SeqCst);
    }

    /// All of them sign again.
    pub fn put_back(&self) {
        self.left.store(usize::MAX, Ordering::SeqCst);
    }
}

impl Signer for KeyInToken {
    fn sign<'a>(&'a self, message: &'a [u8]) -> SignFuture<'a> {
        let left = &self.token.left;
        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => self.key.sign(message),
            Err(_) => Box::pin(std::future::ready(Err(SignError::new("the token is not there")))),
        }
    }

    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}
