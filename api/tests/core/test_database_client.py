"""What becomes of the settings in PyMongo."""

from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from app.core.database_client import create_client
from app.core.settings import Settings
from tests.support.certificates import CertificateAuthority


async def client_of(**values: object) -> AsyncMongoClient[dict[str, Any]]:
    client = create_client(Settings.model_validate(values))
    await client.close()
    return client


async def test_parts() -> None:
    client = await client_of(
        mongodb_hosts="a.test:1,[::1]:2",
        mongodb_replica_set="rs0",
        mongodb_username="user",
        mongodb_password="p@ss/word",
        mongodb_auth_mechanism="SCRAM-SHA-256",
        mongodb_min_pool_size=2,
        mongodb_max_pool_size=7,
        mongodb_server_selection_timeout_ms=100,
        mongodb_connect_timeout_ms=200,
        mongodb_timeout_ms=300,
    )
    options = client.options
    assert options.replica_set_name == "rs0"
    assert options.server_selection_timeout == pytest.approx(0.1)
    assert options.timeout == pytest.approx(0.3)
    pool = options.pool_options
    assert (pool.min_pool_size, pool.max_pool_size) == (2, 7)
    assert pool.connect_timeout == pytest.approx(0.2)
    credentials = pool._credentials
    assert credentials is not None
    assert (credentials.username, credentials.password) == ("user", "p@ss/word")
    assert (credentials.source, credentials.mechanism) == ("admin", "SCRAM-SHA-256")
    assert client.write_concern.document == {"w": "majority"}
    assert client.codec_options.tz_aware


async def test_a_login_in_another_database() -> None:
    client = await client_of(
        mongodb_hosts="a.test",
        mongodb_username="user",
        mongodb_password="password",
        mongodb_auth_source="people",
    )
    credentials = client.options.pool_options._credentials
    assert credentials is not None
    assert credentials.source == "people"


async def test_a_certificate_is_the_login(tmp_path: Path) -> None:
    authority = CertificateAuthority.create()
    client = await client_of(
        mongodb_hosts="a.test",
        mongodb_auth_mechanism="MONGODB-X509",
        mongodb_tls=True,
        mongodb_tls_ca_file=authority.write(tmp_path / "ca.pem"),
        mongodb_tls_certificate_key_file=authority.client("one").write(tmp_path / "client.pem"),
    )
    credentials = client.options.pool_options._credentials
    assert credentials is not None
    assert (credentials.source, credentials.mechanism) == ("$external", "MONGODB-X509")
    assert client.options.pool_options._ssl_context is not None


async def test_options_of_a_uri_win_but_for_the_write_concern() -> None:
    uri = "mongodb://a.test/?maxPoolSize=3&timeoutMS=700&connectTimeoutMS=800&w=1&appName=mine"
    client = await client_of(mongodb_uri=uri)
    options = client.options
    assert options.pool_options.max_pool_size == 3
    assert options.timeout == pytest.approx(0.7)
    assert options.pool_options.connect_timeout == pytest.approx(0.8)
    assert options.server_selection_timeout == pytest.approx(1.5)
    assert client.write_concern.document == {"w": "majority"}
