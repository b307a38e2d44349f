"""Requests for certificates that are right but for one thing."""

import base64
import hashlib
import hmac
import json
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

EMAIL = "alice@example.org"


def signing_request(stack, token="right", claims=(), audience="sigstore", key="P-256", proof="right", csr=None, also_csr=False):
    """Body and headers of a v2 request."""
    bearer = token_for(stack, token, claims, audience)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    private = private_key(key)
    if csr:
        return {"certificateSigningRequest": b64(request_pem(csr))}, headers
    body = {
        "publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": public_pem(private).decode() if private else "junk"},
            "proofOfPossession": b64(prove(private, proof)) if private else "AAAA",
        }
    }
    if also_csr:
        body["certificateSigningRequest"] = b64(request_pem("right"))
    return body, headers


def token_for(stack, token, claims, audience):
    flags = ["--email", EMAIL, "--audience", audience]
    for claim in claims:
        flags += ["--claim", claim]
    right = stack.token(*flags)
    header, payload, signature = right.split(".")
    match token:
        case "right":
            return right
        case "none":
            return ""
        case "junk":
            return "junk"
        case "long":
            return f"{header}.{payload}.{'A' * 100_000}"
        case "tampered":
            return f"{header}.{payload}.{'A' + signature[1:] if signature[0] != 'A' else 'B' + signature[1:]}"
        case "none algorithm":
            return f"{jose({'alg': 'none'})}.{payload}."
        # The classic confusion: the issuer's public key as the secret of an HMAC.
        case "symmetric":
            with urllib.request.urlopen(f"{stack.issuer}/keys") as answer:
                return symmetric(json.load(answer)["keys"][0]["n"].encode(), payload)
        case "symmetric PEM":
            return symmetric(public_pem(issuer_key(stack)), payload)
        case "other key":
            return signed_by(rsa.generate_private_key(65537, 2048), header, payload)
        case "unknown kid":
            return signed_by(issuer_key(stack), jose({"alg": "RS256", "kid": "nobody's"}), payload)
        case "own jwk":
            own = rsa.generate_private_key(65537, 2048)
            numbers = own.public_key().public_numbers()
            jwk = {"kty": "RSA", "n": url64(numbers.n.to_bytes(256)), "e": "AQAB"}
            return signed_by(own, jose({"alg": "RS256", "jwk": jwk}), payload)
    raise AssertionError(f"no such token: {token}")


def issuer_key(stack):
    pem = (stack.issuing.data / "keys" / "dev-issuer.key").read_bytes()
    return serialization.load_pem_private_key(pem, None)


def jose(header):
    return url64(json.dumps(header).encode())


def symmetric(secret, payload):
    signed = f"{jose({'alg': 'HS256', 'typ': 'JWT'})}.{payload}"
    return f"{signed}.{url64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def signed_by(private, header, payload):
    signature = private.sign(f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{header}.{payload}.{url64(signature)}"


def private_key(kind):
    match kind:
        case "P-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "P-224":
            return ec.generate_private_key(ec.SECP224R1())
        case "RSA-1024":
            return rsa.generate_private_key(65537, 1024)
        case "RSA-2048 e=3":
            return rsa.generate_private_key(3, 2048)
        case "junk":
            return None
    raise AssertionError(f"no such key: {kind}")


def prove(private, proof):
    """A signature over the subject, unless something is wrong with it."""
    subject = b"mallory@example.org" if proof == "other subject" else EMAIL.encode()
    signer = private_key("P-256") if proof == "other key" else private
    if isinstance(signer, rsa.RSAPrivateKey):
        return signer.sign(subject, padding.PKCS1v15(), hashes.SHA256())
    natural = hashes.SHA384() if signer.curve.name == "secp384r1" else hashes.SHA256()
    return signer.sign(subject, ec.ECDSA(hashes.SHA256() if proof == "SHA-256" else natural))


def request_pem(kind):
    private = private_key("P-256")
    if kind == "public key":
        return public_pem(private)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    made = builder.sign(private, hashes.SHA512() if kind == "SHA-512" else hashes.SHA256())
    if kind != "tampered":
        return made.public_bytes(serialization.Encoding.PEM)
    der = bytearray(made.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    lines = base64.b64encode(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n".encode()


def public_pem(private):
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def b64(data):
    return base64.b64encode(data).decode()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
