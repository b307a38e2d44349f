"""Writes the recorded exchanges beside it; README.md says what they are. Needs `cryptography` and `botocore`.

Every run makes new keys, so that all files change together.
"""

import base64
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

HERE = Path(__file__).parent
# The tests' own constants.
MESSAGE = b"sigstead signs this"
LONG = b"\x07" * 10_000
NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=timezone.utc)

SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def standard(raw):
    return base64.b64encode(raw).decode()


def url_safe(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def crc32c(raw):
    """RFC 3720 appendix B.4, bit by bit; JSON carries it in text."""
    register = 0xFFFFFFFF
    for byte in raw:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return str(register ^ 0xFFFFFFFF)


class Key:
    def __init__(self, private, digest=None):
        self.private, self.digest = private, digest

    def hashed(self, message):
        return hashlib.new(self.digest, message).digest()

    def signature(self, message):
        scheme = getattr(hashes, (self.digest or "sha512").upper())()
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(scheme))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), scheme)
        return self.private.sign(message)

    def pem(self):
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, SPKI).decode()

    def der(self):
        return self.private.public_key().public_bytes(serialization.Encoding.DER, SPKI)


KEYS = {
    "ec-p256": Key(ec.generate_private_key(ec.SECP256R1()), "sha256"),
    "ec-p384": Key(ec.generate_private_key(ec.SECP384R1()), "sha384"),
    "ec-p521": Key(ec.generate_private_key(ec.SECP521R1()), "sha512"),
    "rsa-2048": Key(rsa.generate_private_key(65537, 2048), "sha256"),
    "rsa-3072": Key(rsa.generate_private_key(65537, 3072), "sha256"),
    "rsa-4096": Key(rsa.generate_private_key(65537, 4096), "sha256"),
    "ed25519": Key(ed25519.Ed25519PrivateKey.generate()),
}


def exchange(request, headers, body, answer, status="200 OK"):
    lines = [request, *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines += ["", body if isinstance(body, str) else json.dumps(body)]
    return "\n".join([*lines, "", status, "content-type: application/json", "", json.dumps(answer), ""])


def write(name, *exchanges):
    file = HERE / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n###\n\n".join(exchanges))


def public_key_file(service, name):
    (HERE / service / f"{name}.pub").write_text(KEYS[name].pem())


# --- Google

GOOGLE = {
    "ec-p256": "EC_SIGN_P256_SHA256",
    "ec-p384": "EC_SIGN_P384_SHA384",
    "rsa-2048": "RSA_SIGN_PKCS1_2048_SHA256",
    "rsa-3072": "RSA_SIGN_PKCS1_3072_SHA256",
    "rsa-4096": "RSA_SIGN_PKCS1_4096_SHA256",
    "ed25519": "EC_SIGN_ED25519",
}
GOOGLE_TOKEN = {"authorization": "Bearer ya29.recorded"}


def google_name(key):
    return f"projects/my-project/locations/europe-west1/keyRings/sigstead/cryptoKeys/{key}/cryptoKeyVersions/1"


def google_describes(key, algorithm, name=None, crc=None):
    pem = KEYS[key].pem()
    name = google_name(name or key)
    told = {"pem": pem, "algorithm": algorithm, "pemCrc32c": crc or crc32c(pem.encode()), "name": name, "protectionLevel": "HSM"}
    return exchange(f"GET https://cloudkms.googleapis.com/v1/{name}/publicKey", GOOGLE_TOKEN, None, told)


def google_refuses(key, code, status, message):
    url = f"https://cloudkms.googleapis.com/v1/{google_name(key)}/publicKey"
    refusal = {"error": {"code": code, "message": message, "status": status}}
    return exchange(f"GET {url}", GOOGLE_TOKEN, None, refusal, f"{code} {status}")


def google_signs(key, name=None):
    name, signature = google_name(name or key), KEYS[key].signature(MESSAGE)
    if key == "ed25519":
        wanted, checked = {"data": standard(MESSAGE), "dataCrc32c": crc32c(MESSAGE)}, "verifiedDataCrc32c"
    else:
        digest = KEYS[key].hashed(MESSAGE)
        wanted = {"digest": {KEYS[key].digest: standard(digest)}, "digestCrc32c": crc32c(digest)}
        checked = "verifiedDigestCrc32c"
    told = {"signature": standard(signature), "signatureCrc32c": crc32c(signature), checked: True, "name": name, "protectionLevel": "HSM"}
    headers = {**GOOGLE_TOKEN, "content-type": "application/json"}
    return exchange(f"POST https://cloudkms.googleapis.com/v1/{name}:asymmetricSign", headers, wanted, told)


def google_makes(key, status, answer):
    ring = google_name(key).split("/cryptoKeys/")[0]
    wanted = {"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}}
    headers = {**GOOGLE_TOKEN, "content-type": "application/json"}
    return exchange(f"POST https://cloudkms.googleapis.com/v1/{ring}/cryptoKeys?cryptoKeyId={key}", headers, wanted, answer, status)


def google_made(key):
    template = {"protectionLevel": "SOFTWARE", "algorithm": "EC_SIGN_P256_SHA256"}
    made = {"name": google_name(key).rsplit("/", 2)[0], "purpose": "ASYMMETRIC_SIGN", "createTime": "2026-11-22T08:00:00Z", "versionTemplate": template}
    return google_makes(key, "200 OK", made)


def google_version(key, state):
    told = {"name": google_name(key), "state": state, "createTime": "2026-11-22T08:00:00Z", "protectionLevel": "SOFTWARE", "algorithm": "EC_SIGN_P256_SHA256"}
    return exchange(f"GET https://cloudkms.googleapis.com/v1/{google_name(key)}", GOOGLE_TOKEN, None, told)


def google_absent(key):
    return google_refuses(key, 404, "NOT_FOUND", f"CryptoKey {google_name(key).rsplit('/', 2)[0]} not found.")


def google():
    url = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
    token = {"access_token": "ya29.recorded", "expires_in": 3599, "token_type": "Bearer"}
    write("google/token.http", exchange(f"GET {url}", {"metadata-flavor": "Google"}, None, token))
    for key, algorithm in GOOGLE.items():
        write(f"google/{key}.http", google_describes(key, algorithm), google_signs(key))
        public_key_file("google", key)
    denied = f"Permission 'cloudkms.cryptoKeyVersions.viewPublicKey' denied on resource '{google_name('denied')}' (or it may not exist)."
    write(
        "google/refusals.http",
        google_refuses("denied", 403, "PERMISSION_DENIED", denied),
        google_absent("absent"),
        google_describes("rsa-2048", "RSA_SIGN_PSS_2048_SHA256", name="pss"),
        google_describes("ec-p256", "EC_SIGN_P256_SHA256", name="damaged", crc="1"),
    )
    refused = {"error": {"code": 403, "message": "Permission 'cloudkms.cryptoKeys.create' denied.", "status": "PERMISSION_DENIED"}}
    write(
        "google/made.http",
        google_absent("new"),
        google_made("new"),
        google_version("new", "PENDING_GENERATION"),
        google_version("new", "ENABLED"),
        google_describes("ec-p256", "EC_SIGN_P256_SHA256", name="new"),
        google_signs("ec-p256", name="new"),
        google_absent("denied"),
        google_makes("denied", "403 PERMISSION_DENIED", refused),
        google_absent("failed"),
        google_made("failed"),
        google_version("failed", "GENERATION_FAILED"),
    )


# --- Azure

AZURE = {"ec-p256": "ES256", "ec-p384": "ES384", "ec-p521": "ES512", "rsa-2048": "RS256", "rsa-3072": "RS256", "rsa-4096": "RS256"}
AZURE_TOKEN = {"authorization": "Bearer eyJ.recorded"}
VERSION = "9885aa558e8d448789683188f8c194b0"


def azure_web_key(key, name):
    numbers = KEYS[key].private.public_key().public_numbers()
    kid = f"https://myvault.vault.azure.net/keys/{name}/{VERSION}"
    if key.startswith("rsa"):
        big = lambda number: url_safe(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        return {"kid": kid, "kty": "RSA", "key_ops": ["sign", "verify"], "n": big(numbers.n), "e": big(numbers.e)}
    length = (KEYS[key].private.curve.key_size + 7) // 8
    x, y = (url_safe(number.to_bytes(length, "big")) for number in (numbers.x, numbers.y))
    return {"kid": kid, "kty": "EC-HSM", "key_ops": ["sign", "verify"], "crv": f"P-{key[4:]}", "x": x, "y": y}


def azure_describes(key, name=None, **changes):
    name = name or key
    attributes = {"enabled": True, "created": 1493942451, "updated": 1493942451, "recoveryLevel": "Recoverable+Purgeable"}
    told = {"key": {**azure_web_key(key, name), **changes}, "attributes": attributes, "tags": {}}
    return exchange(f"GET https://myvault.vault.azure.net/keys/{name}?api-version=7.4", AZURE_TOKEN, None, told)


def azure_signs(key, name=None):
    signature = KEYS[key].signature(MESSAGE)
    if key.startswith("ec"):
        length = (KEYS[key].private.curve.key_size + 7) // 8
        signature = b"".join(number.to_bytes(length, "big") for number in utils.decode_dss_signature(signature))
    kid = f"https://myvault.vault.azure.net/keys/{name or key}/{VERSION}"
    wanted = {"alg": AZURE[key], "value": url_safe(KEYS[key].hashed(MESSAGE))}
    headers = {**AZURE_TOKEN, "content-type": "application/json"}
    return exchange(f"POST {kid}/sign?api-version=7.4", headers, wanted, {"kid": kid, "value": url_safe(signature)})


def azure_absent(name):
    absent = {"error": {"code": "KeyNotFound", "message": f"A key with (name/id) {name} was not found in this key vault."}}
    return exchange(f"GET https://myvault.vault.azure.net/keys/{name}?api-version=7.4", AZURE_TOKEN, None, absent, "404 Not Found")


def azure_makes(name, wanted, answer, status="200 OK"):
    url = f"https://myvault.vault.azure.net/keys/{name}/create?api-version=7.4"
    headers = {**AZURE_TOKEN, "content-type": "application/json"}
    return exchange(f"POST {url}", headers, {**wanted, "key_ops": ["sign", "verify"]}, answer, status)


def azure():
    entra = "https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/oauth2/v2.0/token"
    asked = "client_id=11111111-1111-1111-1111-111111111111&grant_type=client_credentials&scope=https%3A%2F%2Fvault.azure.net%2F.default"
    assertion = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJ.kube"
    token = {"token_type": "Bearer", "expires_in": 3599, "access_token": "eyJ.recorded"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    refused = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided.", "error_codes": [7000215]}
    # 169.254.169.254 in life; a name can be led to the test's own server.
    machine = "http://imds.recorded/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
    from_machine = {"access_token": "eyJ.recorded", "expires_in": "3599", "resource": "https://vault.azure.net", "token_type": "Bearer"}
    write(
        "azure/token.http",
        exchange(f"GET {machine}", {"metadata": "true"}, None, from_machine),
        exchange(f"POST {entra}", form, f"{asked}&client_secret=recorded-secret", token),
        exchange(f"POST {entra}", form, f"{asked}&{assertion}", token),
        exchange(f"POST {entra}", form, f"{asked}&client_secret=hunter2", refused, "401 Unauthorized"),
    )
    for key in AZURE:
        write(f"azure/{key}.http", azure_describes(key), azure_signs(key))
        public_key_file("azure", key)
    url = "https://myvault.vault.azure.net/keys"
    forbidden = {"error": {"code": "Forbidden", "message": "The user, group or application does not have keys get permission on key vault 'myvault'."}}
    write(
        "azure/refusals.http",
        exchange(f"GET {url}/denied?api-version=7.4", AZURE_TOKEN, None, forbidden, "403 Forbidden"),
        azure_absent("absent"),
        azure_describes("rsa-2048", "wraps", key_ops=["wrapKey", "unwrapKey"]),
        azure_describes("rsa-2048", "octets", kty="oct-HSM"),
    )
    made = []
    for name, key, wanted in (("new-ec", "ec-p256", {"kty": "EC", "crv": "P-256"}), ("new-rsa", "rsa-2048", {"kty": "RSA", "key_size": 2048})):
        answer = {"key": azure_web_key(key, name), "attributes": {"enabled": True}, "tags": {}}
        made += [azure_absent(name), azure_makes(name, wanted, answer), azure_describes(key, name), azure_signs(key, name)]
    refused = {"error": {"code": "Forbidden", "message": "The user, group or application does not have keys create permission on key vault 'myvault'."}}
    write("azure/made.http", *made, azure_absent("denied"), azure_makes("denied", {"kty": "EC", "crv": "P-256"}, refused, "403 Forbidden"))


# --- AWS: what moto does not know

AWS_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def aws_asks(deed, wanted, answer):
    # In the order of serde_json, which is the alphabet's.
    body = json.dumps(wanted, sort_keys=True, separators=(",", ":"))
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"TrentService.{deed}"}
    request = AWSRequest("POST", "https://kms.eu-west-1.amazonaws.com/", headers, body)
    botocore.auth.get_current_datetime = lambda: NOW.replace(tzinfo=None)
    botocore.auth.SigV4Auth(Credentials("AKIDRECORDED", "recorded-secret"), "kms", "eu-west-1").add_auth(request)
    signed = {name.lower(): value for name, value in request.headers.items()}
    return exchange(f"POST {request.url}", signed, body, answer)


def aws(name, key, spec, algorithm, kind, message, content):
    described = {
        "CustomerMasterKeySpec": spec,
        "KeyId": AWS_KEY,
        "KeySpec": spec,
        "KeyUsage": "SIGN_VERIFY",
        "PublicKey": standard(KEYS[key].der()),
        "SigningAlgorithms": [algorithm],
    }
    wanted = {"KeyId": AWS_KEY, "Message": standard(content), "MessageType": kind, "SigningAlgorithm": algorithm}
    told = {"KeyId": AWS_KEY, "Signature": standard(KEYS[key].signature(message)), "SigningAlgorithm": algorithm}
    write(f"aws/{name}.http", aws_asks("GetPublicKey", {"KeyId": AWS_KEY}, described), aws_asks("Sign", wanted, told))
    public_key_file("aws", key)


google()
azure()
aws("ed25519", "ed25519", "ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "RAW", MESSAGE, MESSAGE)
aws("digest", "ec-p256", "ECC_NIST_P256", "ECDSA_SHA_256", "DIGEST", LONG, KEYS["ec-p256"].hashed(LONG))
