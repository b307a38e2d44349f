//! Keys in tokens that PKCS#11 reaches: HSMs, smart cards, SoftHSM.

mod generate;
mod key;
mod uri;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use sigstead_crypto::{PublicKey, Secret, SignError, SignFuture, SignatureAlgorithm, Signer};

use crate::KeystoreError;
use crate::checked::checked;
pub(crate) use generate::make_missing;
pub use uri::Pkcs11Uri;

/// Sessions that are kept for the next signatures.
const KEPT_SESSIONS: usize = 16;

/// How long a library is left alone before it is told again to begin anew.
const BEGIN_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A library is initialized once in a process, whoever uses it.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

/// A library that is loaded.
#[derive(Debug)]
struct Module {
    library: Pkcs11,
    /// Held by every call; by itself when the library begins anew, which nobody may notice in the middle of a call.
    in_use: RwLock<()>,
    began: Mutex<Option<Instant>>,
}

impl Module {
    fn open(path: &Path) -> Result<Arc<Self>, KeystoreError> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(path) {
            return Ok(Arc::clone(module));
        }
        let unusable = |error: Error| KeystoreError::Module(path.display().to_string(), error.to_string());
        let library = Pkcs11::new(path).map_err(unusable)?;
        let module = Arc::new(Self { library, in_use: RwLock::default(), began: Mutex::default() });
        module.begin().map_err(unusable)?;
        modules.insert(path.to_owned(), Arc::clone(&module));
        Ok(module)
    }

    fn begin(&self) -> Result<(), Error> {
        match self.library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
            begun => begun,
        }
    }

    /// Some libraries find a token that came back only when they begin anew; sessions end with that. False if
    /// that was tried a moment ago.
    fn begin_again(&self) -> bool {
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        if began.is_some_and(|began| began.elapsed() < BEGIN_AGAIN_AFTER) {
            return false;
        }
        *began = Some(Instant::now());
        let _alone = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        // It may have ended already, when it could not begin the last time.
        let _ended = self.library.clone().finalize();
        if let Err(error) = self.begin() {
            tracing::warn!(%error, "the PKCS#11 module does not begin anew");
        }
        true
    }

    fn used(&self) -> RwLockReadGuard<'_, ()> {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs with a key that never leaves its token. A token that went away is looked for again with every signature.
#[derive(Debug, Clone)]
pub struct Pkcs11Signer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    uri: Pkcs11Uri,
    pin: Secret<String>,
    module: Arc<Module>,
    public_key: PublicKey,
    algorithm: SignatureAlgorithm,
    sessions: Mutex<Vec<(Session, ObjectHandle)>>,
    /// A PIN that was refused is not tried again: tokens lock themselves after a few times.
    is_refused: AtomicBool,
}

impl Pkcs11Signer {
    /// Logs in and finds the key, with the public key beside it.
    ///
    /// # Errors
    /// When the module, the token, the PIN or the key cannot be used.
    pub fn open(uri: Pkcs11Uri, pin: Secret<String>) -> Result<Self, KeystoreError> {
        let module = Module::open(&uri.module)?;
        let (session, handle) = connect(&module, &uri, &pin)?;
        let public_key = key::public_key(&session, &uri, handle)?;
        let algorithm = SignatureAlgorithm::of(public_key.kind());
        let sessions = Mutex::new(vec![(session, handle)]);
        let is_refused = AtomicBool::new(false);
        Ok(Self(Arc::new(Shared { uri, pin, module, public_key, algorithm, sessions, is_refused })))
    }
}

impl Signer for Pkcs11Signer {
    fn sign<'a>(&'a self, message: &'a [u8]) -> SignFuture<'a> {
        let (shared, message) = (Arc::clone(&self.0), message.to_vec());
        Box::pin(async move {
            let signed = tokio::task::spawn_blocking(move || shared.sign(&message)).await;
            signed.map_err(|error| SignError::new(error.to_string()))?
        })
    }

    fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm
    }
}

impl Shared {
    /// With a session that is there; if that has become invalid, with a new one.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let kept = self.sessions.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(session) = kept
            && let Ok(signature) = self.sign_in(session, message)
        {
            return Ok(signature);
        }
        // Whatever became of the token, the other sessions have seen it too.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if self.is_refused.load(Ordering::Relaxed) {
            return Err(SignError::new("the token refused the PIN; it is not tried again before a restart"));
        }
        let session = connect(&self.module, &self.uri, &self.pin).map_err(|error| {
            self.is_refused.fetch_or(matches!(error, KeystoreError::Pin), Ordering::Relaxed);
            SignError::new(error.to_string())
        })?;
        self.sign_in(session, message)
    }

    fn sign_in(&self, session: (Session, ObjectHandle), message: &[u8]) -> Result<Vec<u8>, SignError> {
        let _used = self.module.used();
        let signature = key::sign(&session.0, session.1, self.algorithm, message)?;
        let signature = checked("the token", signature, &self.public_key, self.algorithm, message)?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() < KEPT_SESSIONS {
            sessions.push(session);
        }
        Ok(signature)
    }
}

/// A session that is logged in, and the private key.
fn connect(
    module: &Module,
    uri: &Pkcs11Uri,
    pin: &Secret<String>,
) -> Result<(Session, ObjectHandle), KeystoreError> {
    match log_in(module, uri, pin) {
        Err(KeystoreError::Token(_)) if module.begin_again() => log_in(module, uri, pin),
        connected => connected,
    }
}

fn log_in(
    module: &Module,
    uri: &Pkcs11Uri,
    pin: &Secret<String>,
) -> Result<(Session, ObjectHandle), KeystoreError> {
    let _used = module.used();
    let session = module.library.open_ro_session(slot(&module.library, uri)?).map_err(token)?;
    show_pin(&session, pin)?;
    let handle = find(&session, uri, ObjectClass::PRIVATE_KEY)?;
    Ok((session, handle))
}

fn show_pin(session: &Session, pin: &Secret<String>) -> Result<(), KeystoreError> {
    match session.login(UserType::User, Some(&AuthPin::new(pin.expose().clone().into()))) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked | RvError::PinInvalid, _)) => {
            Err(KeystoreError::Pin)
        }
        Err(error) => Err(token(error)),
    }
}

fn slot(module: &Pkcs11, uri: &Pkcs11Uri) -> Result<Slot, KeystoreError> {
    for slot in module.get_slots_with_token().map_err(token)? {
        let Ok(found) = module.get_token_info(slot) else { continue };
        let fits = |wanted: &Option<String>, is: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == is.trim_end())
        };
        if found.token_initialized()
            && fits(&uri.token, found.label())
            && fits(&uri.serial, found.serial_number())
            && fits(&uri.model, found.model())
            && fits(&uri.manufacturer, found.manufacturer_id())
        {
            return Ok(slot);
        }
    }
    Err(KeystoreError::Token("no such token is present".to_owned()))
}

/// The one object of a class that the URI names.
fn find(session: &Session, uri: &Pkcs11Uri, class: ObjectClass) -> Result<ObjectHandle, KeystoreError> {
    match session.find_objects(&named(uri, class)).map_err(token)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(KeystoreError::Token(format!("the token has no such {class}"))),
        _ => Err(KeystoreError::Token(format!("the token has several such {class}; name its id"))),
    }
}

/// What the URI says of an object.
fn named(uri: &Pkcs11Uri, class: ObjectClass) -> Vec<Attribute> {
    let mut wanted = vec![Attribute::Class(class)];
    wanted.extend(uri.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    wanted.extend(uri.id.clone().map(Attribute::Id));
    wanted
}

fn token(error: Error) -> KeystoreError {
    KeystoreError::Token(error.to_string())
}
