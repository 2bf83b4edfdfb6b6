"""The login with a password from a file, and its change on disk.

The endpoint of `tests.support.scram` stands in for a server with logins.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.application import create_app
from app.core.settings import Settings
from tests.conftest import captured_log, make_client, make_settings, wait_until_ready
from tests.mounted_secret import MountedSecret
from tests.support.database import Database
from tests.support.scram import MECHANISM, Connection, ScramEndpoint

RELOAD_SECONDS = 0.1
USER = "users-service"
FIRST = "first-password"
SECOND = "second-password"


@pytest.fixture
async def endpoint(database_server: Database) -> AsyncIterator[ScramEndpoint]:
    async with ScramEndpoint(database_server.address, USER, FIRST) as endpoint:
        yield endpoint


@pytest.fixture
def secret(tmp_path: Path) -> MountedSecret:
    secret = MountedSecret(tmp_path / "mounted", "password")
    secret.swap({"password": f"{FIRST}\n"})
    return secret


@pytest.fixture
def settings(database_server: Database, endpoint: ScramEndpoint, secret: MountedSecret) -> Settings:
    return make_settings(
        database_server,
        mongodb_uri=None,
        mongodb_hosts=endpoint.host,
        mongodb_username=USER,
        mongodb_password_file=secret.path("password"),
        mongodb_auth_mechanism=MECHANISM,
        mongodb_reload_seconds=RELOAD_SECONDS,
    )


def used_with(endpoint: ScramEndpoint, password: str) -> list[Connection]:
    return [each for each in endpoint.connections if each.password == password and each.commands]


async def wait_until_taken_over(endpoint: ScramEndpoint, password: str) -> None:
    """Until the password is in use, and no other."""

    def taken_over() -> bool:
        others = [each for each in endpoint.connections if each.password not in (None, password)]
        return bool(used_with(endpoint, password)) and not any(each.open for each in others)

    async with asyncio.timeout(5):
        while not taken_over():  # noqa: ASYNC110 (what the endpoint notes is no event)
            await asyncio.sleep(0.02)


async def test_a_wrong_password_stays_out_until_the_file_has_the_right_one(
    settings: Settings, endpoint: ScramEndpoint, secret: MountedSecret
) -> None:
    secret.swap({"password": SECOND})
    app = create_app(settings)
    async with app.state.lifecycle.lifespan(app), make_client(app) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert endpoint.refused
        secret.swap({"password": FIRST})
        await wait_until_ready(app)


async def test_a_new_password_is_used_and_no_request_fails(
    app: FastAPI, endpoint: ScramEndpoint, secret: MountedSecret
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

    # One after the other, on a connection that is logged in: an old client gets no new connection
    # from the moment the server has the new password.
    task = asyncio.create_task(ask(1))
    for password in (SECOND, FIRST, SECOND):
        endpoint.password = password
        secret.swap({"password": f"{password}\n"})
        await wait_until_taken_over(endpoint, password)
        before = len(statuses)
        await asyncio.sleep(0.2)
        assert len(statuses) > before
    asking = False
    await task
    assert set(statuses) == {201}
    figures = (await make_client(app).get("/metrics")).text
    assert 'mongodb_credential_rotations_total{result="done"}' in figures


async def test_the_old_one_stays_in_use_until_the_server_takes_the_new_one(
    client: httpx.AsyncClient,
    endpoint: ScramEndpoint,
    secret: MountedSecret,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="app.core.database"):
        secret.swap({"password": SECOND})
        await asyncio.sleep(RELOAD_SECONDS * 8)
        # Tried again each time, and said once.
        assert endpoint.refused > 1
        assert len(caplog.records) == 1
        assert "stay in use" in caplog.text
        assert not used_with(endpoint, SECOND)
        assert (await client.get("/users/")).status_code == 200
    endpoint.password = SECOND
    await wait_until_taken_over(endpoint, SECOND)
    # The ping comes before the new client has any request to serve.
    assert used_with(endpoint, SECOND)[0].commands[0] == "ping"
    assert (await client.get("/users/")).status_code == 200


@pytest.mark.parametrize(("content", "reason"), [("\n", "is empty"), (None, "FileNotFoundError")])
async def test_a_file_without_a_password_is_reported_once_and_no_secret_is(
    client: httpx.AsyncClient,
    endpoint: ScramEndpoint,
    secret: MountedSecret,
    content: str | None,
    reason: str,
) -> None:
    with captured_log() as log:
        secret.swap({} if content is None else {"password": content})
        await asyncio.sleep(RELOAD_SECONDS * 8)
        assert (await client.get("/users/")).status_code == 200
    errors = [line for line in log.getvalue().splitlines() if '"ERROR"' in line]
    assert len(errors) == 1
    assert reason in errors[0]
    endpoint.password = SECOND
    with captured_log() as log:
        secret.swap({"password": SECOND})
        await wait_until_taken_over(endpoint, SECOND)
        await asyncio.sleep(0.05)
    assert "a new client uses them" in log.getvalue()
    assert FIRST not in log.getvalue()
    assert SECOND not in log.getvalue()


async def test_the_same_password_in_a_new_file_changes_nothing(
    client: httpx.AsyncClient, endpoint: ScramEndpoint, secret: MountedSecret
) -> None:
    before = len(endpoint.connections)
    secret.swap({"password": f"{FIRST}\n"})
    await asyncio.sleep(RELOAD_SECONDS * 5)
    assert (await client.get("/users/")).status_code == 200
    assert len(endpoint.connections) == before
