"""Certificate files, and the certificate of the database."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from app.core import tls
from app.core.errors import SettingsError
from tests.support.certificates import Certificate, CertificateAuthority
from tests.support.database import Database
from tests.support.processes import free_port
from tests.support.x509 import X509Endpoint

NAMES = tls.Names("HOSTS", "CA_FILE", "KEY_FILE")


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority.create()


def encrypted(certificate: Certificate, password: str) -> str:
    key = certificate.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    return certificate.certificate_pem + key.decode()


class TestFiles:
    def test_a_key_of_another_certificate(
        self, tmp_path: Path, authority: CertificateAuthority
    ) -> None:
        path = tmp_path / "client.pem"
        one, other = authority.client("one"), authority.client("other")
        path.write_text(one.certificate_pem + other.key_pem)
        with pytest.raises(SettingsError, match=r"^KEY_FILE: .* do not belong together"):
            tls.create_context(tls.Files(None, path), NAMES)

    def test_a_certificate_without_its_key(
        self, tmp_path: Path, authority: CertificateAuthority
    ) -> None:
        path = tmp_path / "client.pem"
        path.write_text(authority.client("one").certificate_pem)
        with pytest.raises(SettingsError, match=r"^KEY_FILE: .*must be a certificate and its priv"):
            tls.create_context(tls.Files(None, path), NAMES)

    def test_an_encrypted_key_needs_its_password(
        self, tmp_path: Path, authority: CertificateAuthority
    ) -> None:
        path = tmp_path / "client.pem"
        path.write_text(encrypted(authority.client("one"), "password"))
        with pytest.raises(SettingsError, match=r"^KEY_FILE: the key .* is encrypted"):
            tls.create_context(tls.Files(None, path), NAMES)
        tls.create_context(tls.Files(None, path, "password"), NAMES)
        assert "password" not in repr(tls.Files(None, path, "password"))


class TestServer:
    @pytest.fixture
    def endpoint(self, authority: CertificateAuthority) -> X509Endpoint:
        # The handshake decides, so nothing is needed behind the endpoint.
        return X509Endpoint(("127.0.0.1", 1), authority)

    async def check(self, directory: Path, authority: CertificateAuthority, *hosts: str) -> None:
        files = tls.Files(authority.write(directory / "ca.pem"), None)
        context = tls.create_context(files, NAMES)
        named = [(host, int(port)) for host, _, port in (host.rpartition(":") for host in hosts)]
        await tls.check_server_certificates(context, named, NAMES)

    async def test_the_authority_of_the_server(
        self, tmp_path: Path, authority: CertificateAuthority, endpoint: X509Endpoint
    ) -> None:
        with endpoint:
            await self.check(tmp_path, authority, endpoint.host)

    async def test_another_authority(self, tmp_path: Path, endpoint: X509Endpoint) -> None:
        stranger = CertificateAuthority.create("Another authority")
        absent = f"127.0.0.1:{free_port()}"
        with endpoint, pytest.raises(SettingsError, match=r"^CA_FILE: it did not sign"):
            await self.check(tmp_path, stranger, absent, endpoint.host)

    async def test_one_good_member_is_enough(
        self, tmp_path: Path, authority: CertificateAuthority, endpoint: X509Endpoint
    ) -> None:
        stranger = CertificateAuthority.create("Another authority")
        with endpoint, X509Endpoint(("127.0.0.1", 1), stranger) as strange:
            await self.check(tmp_path, authority, strange.host, endpoint.host)

    async def test_a_name_that_the_certificate_does_not_have(
        self, tmp_path: Path, authority: CertificateAuthority, endpoint: X509Endpoint
    ) -> None:
        # Another way to write 127.0.0.1, which the certificate is for.
        host = endpoint.host.replace("127.0.0.1", "127.1")
        with endpoint, pytest.raises(SettingsError, match=r"^HOSTS: .* is for other names"):
            await self.check(tmp_path, authority, host)

    async def test_a_server_that_is_away_or_speaks_no_tls(
        self, tmp_path: Path, authority: CertificateAuthority, database_server: Database
    ) -> None:
        host, port = database_server.address
        await self.check(tmp_path, authority, f"127.0.0.1:{free_port()}", f"{host}:{port}")
