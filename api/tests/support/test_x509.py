"""Who gets in through the TLS endpoint, who does not, and what it records."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from tests.support.certificates import Certificate, CertificateAuthority
from tests.support.database import Database
from tests.support.wire import Message
from tests.support.x509 import X509Endpoint

Client = AsyncMongoClient[dict[str, Any]]

AUTHENTICATION_FAILED = 18
MECHANISM_UNAVAILABLE = 334


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    """Make the authority that the endpoint trusts."""
    return CertificateAuthority.create()


@pytest.fixture(scope="module")
def certificate(authority: CertificateAuthority) -> Certificate:
    """Issue the certificate of the only user."""
    return authority.client("users-service", organizational_unit="applications")


@pytest.fixture
def endpoint(
    server: Database, authority: CertificateAuthority, certificate: Certificate
) -> Iterator[X509Endpoint]:
    """Start an endpoint in front of the database."""
    with X509Endpoint(server.address, authority, {certificate.subject}) as running:
        yield running


@pytest.fixture
def connect(
    endpoint: X509Endpoint, authority: CertificateAuthority, tmp_path: Path
) -> Callable[..., Client]:
    """Return how to make a client of the endpoint."""

    def make(shown: Certificate | None, *, login: bool = True, **options: Any) -> Client:
        if shown is not None:
            options["tlsCertificateKeyFile"] = str(shown.write(tmp_path / "client.pem"))
        return AsyncMongoClient(
            endpoint.uri if login else endpoint.uri.partition("&authMechanism")[0],
            tlsCAFile=str(authority.write(tmp_path / "ca.pem")),
            **{"serverSelectionTimeoutMS": 1500, **options},
        )

    return make


async def find_nothing(client: Client) -> None:
    """Run a command that requires a login."""
    async with client:
        assert await client["nowhere"]["nothing"].find_one() is None


def test_the_right_certificate_gets_in(
    endpoint: X509Endpoint, connect: Callable[..., Client], certificate: Certificate
) -> None:
    asyncio.run(find_nothing(connect(certificate)))

    logged_in = [seen for seen in endpoint.connections if seen.authenticated]
    assert [seen.subject for seen in logged_in] == [certificate.subject]
    assert [seen.serial_number for seen in logged_in] == [certificate.serial_number]
    assert all(seen.refusals == () for seen in endpoint.connections)
    assert logged_in[0].relayed >= 1
    assert endpoint.failed_handshakes == []


def test_the_user_may_be_named(
    endpoint: X509Endpoint, connect: Callable[..., Client], certificate: Certificate
) -> None:
    asyncio.run(find_nothing(connect(certificate, username=certificate.subject)))

    assert any(seen.authenticated for seen in endpoint.connections)
    assert certificate.subject == "CN=users-service,OU=applications,O=Test clients"


def test_another_user_than_the_certificates_is_refused(
    endpoint: X509Endpoint, connect: Callable[..., Client], certificate: Certificate
) -> None:
    with pytest.raises(OperationFailure) as raised:
        asyncio.run(find_nothing(connect(certificate, username="CN=root")))

    assert raised.value.code == AUTHENTICATION_FAILED
    assert not any(seen.authenticated or seen.relayed for seen in endpoint.connections)
    reason = f"user 'CN=root' with a certificate of '{certificate.subject}'"
    # Once with the hello, and once by the command that follows.
    assert [seen.refusals for seen in endpoint.connections if seen.refusals] == [(reason, reason)]


def test_a_subject_that_is_no_user_is_refused(
    endpoint: X509Endpoint, connect: Callable[..., Client], authority: CertificateAuthority
) -> None:
    stranger = authority.client("another-service")

    with pytest.raises(OperationFailure) as raised:
        asyncio.run(find_nothing(connect(stranger)))

    assert raised.value.code == AUTHENTICATION_FAILED
    assert any("is no user" in reason for seen in endpoint.connections for reason in seen.refusals)

    endpoint.users.add(stranger.subject)
    asyncio.run(find_nothing(connect(stranger)))


def test_a_client_without_a_login_is_refused(
    endpoint: X509Endpoint, connect: Callable[..., Client], certificate: Certificate
) -> None:
    with pytest.raises(OperationFailure, match="Command find requires authentication"):
        asyncio.run(find_nothing(connect(certificate, login=False)))

    assert not any(seen.authenticated or seen.relayed for seen in endpoint.connections)


def test_another_mechanism_is_refused(
    endpoint: X509Endpoint, connect: Callable[..., Client], certificate: Certificate
) -> None:
    password = {"username": "root", "password": "root", "authMechanism": "SCRAM-SHA-256"}

    with pytest.raises(OperationFailure) as raised:
        asyncio.run(find_nothing(connect(certificate, login=False, **password)))

    assert raised.value.code == MECHANISM_UNAVAILABLE
    assert not any(seen.authenticated or seen.relayed for seen in endpoint.connections)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        pytest.param(None, "PEER_DID_NOT_RETURN_A_CERTIFICATE", id="none"),
        pytest.param("foreign", "CERTIFICATE_VERIFY_FAILED", id="of-another-authority"),
        pytest.param("expired", "CERTIFICATE_VERIFY_FAILED", id="expired"),
    ],
)
def test_a_missing_or_wrong_certificate_ends_the_handshake(
    endpoint: X509Endpoint,
    connect: Callable[..., Client],
    authority: CertificateAuthority,
    shown: str | None,
    reason: str,
) -> None:
    certificates = {
        # The same subject does not help.
        "foreign": CertificateAuthority.create().client(
            "users-service", organizational_unit="applications"
        ),
        "expired": authority.client(
            "users-service",
            organizational_unit="applications",
            lifetime=datetime.timedelta(minutes=-1),
        ),
    }

    with pytest.raises(ServerSelectionTimeoutError):
        asyncio.run(find_nothing(connect(certificates[shown] if shown else None)))

    assert endpoint.connections == []
    assert reason in endpoint.failed_handshakes


def test_clients_verify_the_endpoint(
    endpoint: X509Endpoint, certificate: Certificate, tmp_path: Path
) -> None:
    foreign = CertificateAuthority.create().write(tmp_path / "foreign.pem")
    own = certificate.write(tmp_path / "client.pem")

    async def try_to_connect() -> None:
        await find_nothing(
            AsyncMongoClient(
                endpoint.uri,
                tlsCAFile=str(foreign),
                tlsCertificateKeyFile=str(own),
                serverSelectionTimeoutMS=1000,
            )
        )

    with pytest.raises(ServerSelectionTimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(try_to_connect())
    assert endpoint.connections == []


def test_the_certificates_pass_strict_verification(
    endpoint: X509Endpoint,
    authority: CertificateAuthority,
    certificate: Certificate,
    tmp_path: Path,
) -> None:
    # Python verifies by these rules from version 3.13 on.
    context = ssl.create_default_context(cadata=authority.certificate_pem)
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_cert_chain(certificate.write(tmp_path / "client.pem"))

    host, port = endpoint.host.split(":")
    with (
        socket.create_connection((host, int(port)), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as tls,
    ):
        assert tls.version() == "TLSv1.3"


def test_everything_else_is_relayed(
    server: Database, connect: Callable[..., Client], certificate: Certificate
) -> None:
    async def use() -> None:
        async with connect(certificate) as client:
            assert (await client.admin.command("hello"))["setName"] == "rs0"
            users = client[server.new_database()]["users"]
            await users.create_index("email", unique=True)
            # More than one batch each way, so that document sequences and getMore are relayed.
            documents = [{"email": f"user-{n}@example.com", "n": n} for n in range(500)]
            await users.insert_many(documents)
            assert await users.count_documents({}) == len(documents)
            found = [user["n"] async for user in users.find({}, batch_size=50)]
            assert sorted(found) == list(range(500))
            with pytest.raises(DuplicateKeyError):
                await users.insert_one({"email": "user-7@example.com"})
            assert (await users.update_one({"n": 7}, {"$set": {"n": 7000}})).modified_count == 1
            assert (await users.find_one({"n": 7000}) or {})["email"] == "user-7@example.com"
            assert (await users.delete_one({"n": 7000})).deleted_count == 1

    asyncio.run(asyncio.wait_for(use(), timeout=30))


def test_only_a_replica_set_gets_transaction_numbers(
    server: Database,
    connect: Callable[..., Client],
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relayed: list[tuple[Message, Message]] = []
    without = Message.without

    def record(message: Message, fields: frozenset[str]) -> Message:
        relayed.append((message, without(message, fields)))
        return relayed[-1][1]

    async def use() -> None:
        async with connect(certificate) as client:
            await client[server.new_database()]["users"].insert_one({"n": 1})

    monkeypatch.setattr(Message, "without", record)
    asyncio.run(use())

    [(received, sent)] = [pair for pair in relayed if "insert" in pair[0].body]
    assert "txnNumber" in received.body
    assert ("txnNumber" in sent.body) == ("replicaSet=" in server.uri)
    assert "lsid" in sent.body


async def find_again(client: Client) -> None:
    """Run a command until it succeeds."""
    for _ in range(50):
        with suppress(AutoReconnect):
            await client["nowhere"]["nothing"].find_one()
            return
        await asyncio.sleep(0.1)
    pytest.fail("no way back to the server")


def test_connections_can_be_broken_off(
    endpoint: X509Endpoint, connect: Callable[..., Client], certificate: Certificate
) -> None:
    async def use() -> None:
        async with connect(certificate, retryReads=False) as client:
            await client["nowhere"]["nothing"].find_one()
            before = len(endpoint.connections)
            await asyncio.to_thread(endpoint.close_connections)
            assert not any(seen.open for seen in endpoint.connections[:before])

            await find_again(client)
            assert any(seen.authenticated for seen in endpoint.connections[before:])

    asyncio.run(use())


def test_the_server_behind_can_be_away(
    endpoint: X509Endpoint,
    server: Database,
    connect: Callable[..., Client],
    certificate: Certificate,
) -> None:
    if not server.can_restart:
        pytest.skip("the server of MONGODB_URI is not killed")

    async def use() -> None:
        async with connect(certificate, serverSelectionTimeoutMS=700, timeoutMS=700) as client:
            await client["nowhere"]["nothing"].find_one()
            before = len(endpoint.connections)
            await asyncio.to_thread(server.kill)
            try:
                # Its clients see it go, as they see a server go that they are connected to.
                await asyncio.sleep(0.2)
                assert not any(seen.open for seen in endpoint.connections[:before])
                with pytest.raises(AutoReconnect):
                    await client["nowhere"]["nothing"].find_one()
            finally:
                await asyncio.to_thread(server.start)
            await find_again(client)

    asyncio.run(use())


def test_the_endpoint_ends_with_its_context(
    server: Database, authority: CertificateAuthority
) -> None:
    with X509Endpoint(server.address, authority) as endpoint:
        host, port = endpoint.host.split(":")
        with socket.create_connection((host, int(port)), timeout=5):
            pass
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)
    endpoint.close()
