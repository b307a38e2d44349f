"""Certificates for the tests' TLS: an authority, servers and clients."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def general_name(name):
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """Issues into a folder; `pem` is its own certificate."""

    def __init__(self, folder, name="authority"):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = folder / f"{name}.pem"
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(True, 0), ends=10 * DAY)
        self.pem.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, *names, usage=ExtendedKeyUsageOID.SERVER_AUTH, ends=10 * DAY):
        """Files NAME.pem and NAME.key, replaced as `mv` does."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([general_name(name) for name in names])
        certificate = self._sign(subject, key, names, x509.ExtendedKeyUsage([usage]), ends=ends)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for suffix, content in [("key", pem), ("pem", certificate.public_bytes(serialization.Encoding.PEM))]:
            fresh = self.folder / f"{name}.{suffix}.new"
            fresh.write_bytes(content)
            fresh.rename(self.folder / f"{name}.{suffix}")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def client(self, name, *names):
        return self.issue(name, *names, usage=ExtendedKeyUsageOID.CLIENT_AUTH)

    def _sign(self, subject, key, *extensions, ends):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now - DAY, now + ends - DAY))
            .not_valid_after(now + ends)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())
