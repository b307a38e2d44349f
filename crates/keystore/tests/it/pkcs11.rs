use std::process::Command;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, ObjectClass};
use sigstead_crypto::PublicKey;
use sigstead_keystore::open;
use sigstead_testkit::OpenSsl;

use crate::contract::{Key, MESSAGE, MESSAGES, refuses, signs, surroundings};
use crate::file::{KINDS, public_half};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "624862";
/// As p11tool shows it.
const TOKEN: &str = "model=SoftHSM%20v2;manufacturer=SoftHSM%20project;token=test";
/// Names the folder of the token to the second run of the test.
const FOLDER: &str = "SIGSTEAD_TEST_TOKEN";

/// `softhsm2-util` with these arguments.
fn softhsm(openssl: &OpenSsl, arguments: &[&str]) {
    let folder = openssl.folder();
    let mut run = Command::new("softhsm2-util");
    run.args(arguments).args(["--pin", PIN]).current_dir(folder);
    let output = run.env("SOFTHSM2_CONF", folder.join("softhsm2.conf")).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// SoftHSM finds its tokens by the environment of its process: the test makes a token, and runs itself with that.
#[tokio::test]
async fn tokens() {
    #[expect(clippy::disallowed_methods, reason = "the first run tells the second one")]
    if let Ok(folder) = std::env::var(FOLDER) {
        return inside(&folder).await;
    }
    let openssl = OpenSsl::new();
    let tokens = openssl.folder().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    openssl.write("softhsm2.conf", format!("directories.tokendir = {}\n", tokens.display()));
    softhsm(&openssl, &["--init-token", "--free", "--label", "test", "--so-pin", PIN]);
    for (at, (name, kind)) in KINDS.into_iter().chain([("other", KINDS[0].1)]).enumerate() {
        openssl.generate(name, kind);
        openssl.write(&format!("{name}.pub"), public_half(&openssl, name).to_pem());
        let id = format!("0{at}");
        softhsm(&openssl, &["--import", name, "--token", "test", "--label", name, "--id", &id]);
    }
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pkcs11::tokens", "--nocapture"])
        .env("SOFTHSM2_CONF", openssl.folder().join("softhsm2.conf"))
        .env(FOLDER, openssl.folder())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && text.contains("1 passed"), "{text}");
}

async fn inside(folder: &str) {
    for (name, _) in KINDS {
        let pem = std::fs::read(format!("{folder}/{name}.pub")).unwrap();
        let key = Key {
            uri: format!("pkcs11:{TOKEN};object={name}?module-path={MODULE}&pin-source=env:PIN"),
            surroundings: surroundings(vec![("PIN", PIN.to_owned())]),
            public_key: PublicKey::from_pem(&pem).unwrap(),
        };
        signs(&key, &MESSAGES).await;
    }
    another_key_under_the_name().await;
    // In a process of its own: a login counts for all sessions of one.
    let uri = format!("pkcs11:token=test;object=none?module-path={MODULE}&pin-source=env:PIN");
    let by_pin = surroundings(vec![("PIN", PIN.to_owned())]);
    refuses(&uri, &by_pin, "the token has no such", &[PIN]).await;
    for other in ["model=SoftHSM", "manufacturer=SoftHSM", "serial=0", "token=tes"] {
        let uri = format!("pkcs11:{other};object=none?module-path={MODULE}&pin-source=env:PIN");
        refuses(&uri, &by_pin, "no such token is present", &[PIN]).await;
    }
}

/// Somebody puts another key in the place of the one that was published: what that signs does not get out. The right
/// one signs as soon as it is back.
async fn another_key_under_the_name() {
    let uri = format!("pkcs11:token=test;object=p256?module-path={MODULE}&pin-source=env:PIN");
    let signer = open(&uri, &surroundings(vec![("PIN", PIN.to_owned())])).await.unwrap();
    let library = Pkcs11::new(MODULE).unwrap();
    let slot = library.get_slots_with_initialized_token().unwrap().remove(0);
    let session = library.open_rw_session(slot).unwrap();
    let label = |name: &str| [Attribute::Label(name.as_bytes().to_vec())];
    let find = |name| {
        let wanted = [&label(name)[..], &[Attribute::Class(ObjectClass::PRIVATE_KEY)]].concat();
        session.find_objects(&wanted).unwrap().remove(0)
    };
    session.copy_object(find("p256"), &label("put aside")).unwrap();
    session.destroy_object(find("p256")).unwrap();
    session.update_attributes(find("other"), &label("p256")).unwrap();
    let refused = signer.sign(MESSAGE).await.unwrap_err().to_string();
    assert!(refused.contains("not by the key that was there at the start"), "{refused}");

    session.update_attributes(find("p256"), &label("other")).unwrap();
    session.update_attributes(find("put aside"), &label("p256")).unwrap();
    let signature = signer.sign(MESSAGE).await.unwrap();
    signer.public_key().verify(signer.algorithm().hash(), MESSAGE, &signature).unwrap();
}
