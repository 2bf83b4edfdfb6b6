"""The login with a client certificate, and its rotation on disk.

The endpoint of `tests.support.x509` stands in for a server with MONGODB-X509: what passes here
shows our side of the login only.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.application import create_app
from app.core.settings import Settings, SettingsError
from tests.conftest import make_client, make_settings, wait_until_ready
from tests.mounted_secret import MountedSecret
from tests.support.certificates import Certificate, CertificateAuthority
from tests.support.database import Database
from tests.support.x509 import X509Endpoint

RELOAD_SECONDS = 0.1


class MountedCertificates(MountedSecret):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "ca.pem", "client.pem")

    @property
    def authority(self) -> Path:
        return self.path("ca.pem")

    @property
    def certificate(self) -> Path:
        return self.path("client.pem")

    def write(self, authority: CertificateAuthority, certificate: Certificate | str) -> None:
        if isinstance(certificate, Certificate):
            certificate = certificate.certificate_pem + certificate.key_pem
        self.swap({"ca.pem": authority.certificate_pem, "client.pem": certificate})


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority.create()


@pytest.fixture(scope="module")
def certificate(authority: CertificateAuthority) -> Certificate:
    return authority.client("users-service", organizational_unit="applications")


@pytest.fixture
def endpoint(
    database_server: Database, authority: CertificateAuthority, certificate: Certificate
) -> Iterator[X509Endpoint]:
    with X509Endpoint(database_server.address, authority, users={certificate.subject}) as endpoint:
        yield endpoint


@pytest.fixture
def secret(
    tmp_path: Path, authority: CertificateAuthority, certificate: Certificate
) -> MountedCertificates:
    secret = MountedCertificates(tmp_path / "mounted")
    secret.write(authority, certificate)
    return secret


@pytest.fixture
def settings(
    database_server: Database, endpoint: X509Endpoint, secret: MountedCertificates
) -> Settings:
    return make_settings(
        database_server,
        mongodb_uri=None,
        mongodb_hosts=endpoint.host,
        mongodb_replica_set=endpoint.replica_set,
        mongodb_auth_mechanism="MONGODB-X509",
        mongodb_tls=True,
        mongodb_tls_ca_file=secret.authority,
        mongodb_tls_certificate_key_file=secret.certificate,
        mongodb_reload_seconds=RELOAD_SECONDS,
    )


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, which may not be ready."""
    app = create_app(settings)
    async with app.state.lifecycle.lifespan(app), make_client(app) as client:
        yield client


class TestLogin:
    async def test_the_right_certificate_gets_in(
        self, client: httpx.AsyncClient, endpoint: X509Endpoint, certificate: Certificate
    ) -> None:
        body = {"name": "Ada", "email": "ada@example.com"}
        assert (await client.post("/users/", json=body)).status_code == 201
        users = [connection for connection in endpoint.connections if connection.relayed]
        assert users
        for connection in users:
            assert connection.authenticated
            assert connection.subject == certificate.subject
        assert not any(connection.refusals for connection in endpoint.connections)

    async def test_a_connection_string_does_as_well(
        self, database_server: Database, endpoint: X509Endpoint, secret: MountedCertificates
    ) -> None:
        files = f"&tlsCAFile={secret.authority}&tlsCertificateKeyFile={secret.certificate}"
        app = create_app(make_settings(database_server, mongodb_uri=endpoint.uri + files))
        async with app.state.lifecycle.lifespan(app):
            await wait_until_ready(app)
        assert any(connection.authenticated for connection in endpoint.connections)

    async def test_a_certificate_of_another_subject_stays_out(
        self,
        settings: Settings,
        endpoint: X509Endpoint,
        secret: MountedCertificates,
        authority: CertificateAuthority,
    ) -> None:
        secret.write(authority, authority.client("somebody-else"))
        async with started(settings) as client:
            await assert_stays_out(client)
        assert not any(connection.relayed for connection in endpoint.connections)
        assert any(connection.refusals for connection in endpoint.connections)

    async def test_a_certificate_of_another_authority_stays_out(
        self,
        settings: Settings,
        endpoint: X509Endpoint,
        secret: MountedCertificates,
        authority: CertificateAuthority,
    ) -> None:
        stranger = CertificateAuthority.create("Another authority")
        secret.write(
            authority, stranger.client("users-service", organizational_unit="applications")
        )
        async with started(settings) as client:
            await assert_stays_out(client)
        assert endpoint.failed_handshakes
        assert not any(connection.relayed for connection in endpoint.connections)

    async def test_a_user_that_is_made_later_gets_in(
        self, settings: Settings, endpoint: X509Endpoint, certificate: Certificate
    ) -> None:
        endpoint.users.clear()
        app = create_app(settings)
        async with app.state.lifecycle.lifespan(app), make_client(app) as client:
            await assert_stays_out(client)
            endpoint.users.add(certificate.subject)
            await wait_until_ready(app)

    async def test_without_a_certificate_it_stays_out(
        self, database_server: Database, endpoint: X509Endpoint, secret: MountedCertificates
    ) -> None:
        settings = make_settings(
            database_server,
            mongodb_uri=None,
            mongodb_hosts=endpoint.host,
            mongodb_tls=True,
            mongodb_tls_ca_file=secret.authority,
        )
        async with started(settings) as client:
            await assert_stays_out(client)
        assert endpoint.failed_handshakes
        assert not any(connection.relayed for connection in endpoint.connections)

    async def test_a_server_of_another_authority_is_not_trusted(
        self, settings: Settings, secret: MountedCertificates, certificate: Certificate
    ) -> None:
        secret.write(CertificateAuthority.create("Another authority"), certificate)
        with pytest.raises(SettingsError, match="MONGODB_TLS_CA_FILE: it did not sign"):
            async with started(settings):
                pass


async def assert_stays_out(client: httpx.AsyncClient) -> None:
    await asyncio.sleep(0.5)
    assert (await client.get("/readyz")).status_code == 503
    body = {"name": "Ada", "email": "ada@example.com"}
    assert (await client.post("/users/", json=body)).status_code == 503


class TestRotation:
    async def test_a_new_certificate_is_used_and_no_request_fails(
        self,
        app: FastAPI,
        endpoint: X509Endpoint,
        secret: MountedCertificates,
        authority: CertificateAuthority,
    ) -> None:
        statuses: list[int] = []
        asking = True

        async def ask(number: int) -> None:
            async with make_client(app) as client:
                count = 0
                while asking:
                    count += 1
                    body = {"name": "User", "email": f"user-{number}-{count}@example.com"}
                    statuses.append((await client.post("/users/", json=body)).status_code)
                    statuses.append((await client.get("/users/?limit=1")).status_code)

        tasks = [asyncio.create_task(ask(number)) for number in range(6)]
        await asyncio.sleep(0.3)
        serial_numbers = []
        for _ in range(3):
            renewed = authority.client("users-service", organizational_unit="applications")
            serial_numbers.append(renewed.serial_number)
            secret.write(authority, renewed)
            await wait_until_used(endpoint, renewed)
            before = len(statuses)
            await asyncio.sleep(0.3)
            assert len(statuses) > before
        asking = False
        await asyncio.gather(*tasks)
        assert set(statuses) == {200, 201}
        # The clients before the last one are closed, with all their connections.
        await wait_until_closed(endpoint, keep=serial_numbers[-1])

    async def test_a_bad_certificate_is_reported_once_and_the_old_one_stays_in_use(
        self,
        client: httpx.AsyncClient,
        endpoint: X509Endpoint,
        secret: MountedCertificates,
        authority: CertificateAuthority,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        for bad in ("garbage", authority.client("somebody-else")):
            caplog.clear()
            with caplog.at_level(logging.ERROR, logger="app.core.database"):
                secret.write(authority, bad)
                await asyncio.sleep(RELOAD_SECONDS * 8)
            assert len(caplog.records) == 1
            assert "stay in use" in caplog.text
            assert (await client.get("/users/")).status_code == 200
        renewed = authority.client("users-service", organizational_unit="applications")
        secret.write(authority, renewed)
        await wait_until_used(endpoint, renewed)

    async def test_files_that_vanish_are_reported_once(
        self,
        client: httpx.AsyncClient,
        endpoint: X509Endpoint,
        secret: MountedCertificates,
        authority: CertificateAuthority,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with caplog.at_level(logging.ERROR, logger="app.core.database"):
            secret.certificate.unlink()
            await asyncio.sleep(RELOAD_SECONDS * 8)
        assert len(caplog.records) == 1
        assert (await client.get("/users/")).status_code == 200
        renewed = authority.client("users-service", organizational_unit="applications")
        renewed.write(secret.certificate)
        await wait_until_used(endpoint, renewed)

    async def test_the_same_content_in_new_files_changes_nothing(
        self,
        client: httpx.AsyncClient,
        endpoint: X509Endpoint,
        secret: MountedCertificates,
        authority: CertificateAuthority,
        certificate: Certificate,
    ) -> None:
        before = len(endpoint.connections)
        secret.write(authority, certificate)
        await asyncio.sleep(RELOAD_SECONDS * 5)
        assert (await client.get("/users/")).status_code == 200
        assert len(endpoint.connections) == before


async def wait_until_used(endpoint: X509Endpoint, certificate: Certificate) -> None:
    async with asyncio.timeout(5):
        while not any(  # noqa: ASYNC110 (the endpoint has a thread of its own)
            connection.serial_number == certificate.serial_number and connection.relayed
            for connection in endpoint.connections
        ):
            await asyncio.sleep(0.02)


async def wait_until_closed(endpoint: X509Endpoint, keep: int) -> None:
    async with asyncio.timeout(5):
        while any(  # noqa: ASYNC110 (the endpoint has a thread of its own)
            connection.open and connection.serial_number != keep
            for connection in endpoint.connections
        ):
            await asyncio.sleep(0.02)
