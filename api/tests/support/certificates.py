"""A private certificate authority, for tests of TLS and of MONGODB-X509."""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Certificate:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def subject(self) -> str:
        """The subject as RFC 2253 writes it, which is the user's name in `$external`."""
        return self.certificate.subject.rfc4514_string()

    @property
    def serial_number(self) -> int:
        """What tells a renewed certificate from the one before it."""
        return self.certificate.serial_number

    @property
    def certificate_pem(self) -> str:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key alone, without a password."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def write(self, path: Path) -> Path:
        """Write certificate and key to one file, as MongoDB's tools want them; return the path."""
        path.touch(mode=0o600)
        path.write_text(self.certificate_pem + self.key_pem, encoding="ascii")
        return path


class CertificateAuthority:
    """An authority that issues certificates to servers and to clients."""

    def __init__(self, own: Certificate) -> None:
        self._own = own

    @classmethod
    def create(cls, common_name: str = "Test authority") -> Self:
        """Make an authority with a key of its own.

        Two authorities of one name are strangers to each other all the same.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = distinguished_name(common_name)
        builder = (
            certificate_builder(name, name, key, lifetime=HOUR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(certificate_sign=True), critical=True)
        )
        return cls(Certificate(builder.sign(key, hashes.SHA256()), key))

    @property
    def certificate_pem(self) -> str:
        """The authority's certificate, for those who trust it."""
        return self._own.certificate_pem

    def write(self, path: Path) -> Path:
        """Write the authority's certificate, without its key; return the path."""
        path.write_text(self.certificate_pem, encoding="ascii")
        return path

    def server(self, *hosts: str) -> Certificate:
        """Issue a certificate to a server that is reached by the host names and addresses."""
        return self._issue(
            distinguished_name(hosts[0], organization="Test servers"),
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
            [general_name(host) for host in hosts],
        )

    def client(
        self,
        common_name: str,
        *,
        organizational_unit: str | None = None,
        organization: str | None = "Test clients",
        lifetime: datetime.timedelta = HOUR,
    ) -> Certificate:
        """Issue a certificate to a client; with a negative lifetime, one that has expired."""
        return self._issue(
            distinguished_name(common_name, organizational_unit, organization),
            [ExtendedKeyUsageOID.CLIENT_AUTH],
            [],
            lifetime,
        )

    def _issue(
        self,
        subject: x509.Name,
        usages: Sequence[x509.ObjectIdentifier],
        names: Sequence[x509.GeneralName],
        lifetime: datetime.timedelta = HOUR,
    ) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        authority_key = self._own.key.public_key()
        builder = (
            certificate_builder(subject, self._own.certificate.subject, key, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), critical=False
            )
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Certificate(builder.sign(self._own.key, hashes.SHA256()), key)


def distinguished_name(
    common_name: str,
    organizational_unit: str | None = None,
    organization: str | None = None,
) -> x509.Name:
    """Make a name of these parts, the widest first, as certificates hold them."""
    parts = (
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, organizational_unit),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def general_name(host: str) -> x509.GeneralName:
    """Make the alternative name of a host, which is an address or a domain name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def certificate_builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    lifetime: datetime.timedelta,
) -> x509.CertificateBuilder:
    """Begin a certificate with what every one has."""
    now = datetime.datetime.now(datetime.UTC)
    # It begins in the past, so that clocks that differ a little do not matter.
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 24 * HOUR)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def key_usage(*, digital_signature: bool = False, certificate_sign: bool = False) -> x509.KeyUsage:
    """Make the extension that says what a key is for."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificate_sign,
        crl_sign=certificate_sign,
        encipher_only=False,
        decipher_only=False,
    )
