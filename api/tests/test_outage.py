"""The database goes away, hangs and comes back; the service stays, answers in time, recovers."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.application import create_app
from tests.conftest import make_client, make_settings, wait_until_ready
from tests.relay import Relay
from tests.server_process import ServerProcess
from tests.support.database import Database
from tests.support.processes import free_port

LONGEST_ANSWER_SECONDS = 2.0
UNKNOWN_ID = "0" * 24
REQUESTS = (
    ("POST", "/users/", {"name": "Ada", "email": "ada@example.com"}),
    ("GET", "/users/", None),
    ("GET", f"/users/{UNKNOWN_ID}", None),
    ("PATCH", f"/users/{UNKNOWN_ID}", {"name": "Ada"}),
    ("DELETE", f"/users/{UNKNOWN_ID}", None),
    ("GET", "/readyz", None),
)


async def assert_unavailable(client: httpx.AsyncClient) -> None:
    """Every route says that the database is away, in time, at the same time."""

    async def ask(method: str, path: str, body: object) -> None:
        started_at = time.monotonic()
        response = await client.request(method, path, json=body)
        assert response.status_code == 503, f"{method} {path}: {response.text}"
        assert time.monotonic() - started_at < LONGEST_ANSWER_SECONDS
        assert int(response.headers["retry-after"]) >= 1
        assert response.headers["content-type"] == "application/problem+json"

    await asyncio.gather(*(ask(*request) for request in REQUESTS))
    assert (await client.get("/healthz")).status_code == 200


@pytest.fixture
def restartable(database_server: Database) -> Database:
    if not database_server.can_restart:
        pytest.skip("the server of MONGODB_URI is not the test run's to restart")
    return database_server


async def test_a_restart_loses_no_acknowledged_write(restartable: Database, tmp_path: Path) -> None:
    settings = {
        "MONGODB_URI": restartable.uri,
        "MONGODB_DATABASE": restartable.new_database(),
    }
    acknowledged: dict[str, str] = {}
    refused = 0
    writing = True

    async def write(client: httpx.AsyncClient, writer: int) -> None:
        nonlocal refused
        number = 0
        while writing:
            number += 1
            email = f"user-{writer}-{number}@example.com"
            started_at = time.monotonic()
            response = await client.post("/users/", json={"name": "User", "email": email})
            assert time.monotonic() - started_at < LONGEST_ANSWER_SECONDS
            if response.status_code == 201:
                acknowledged[response.json()["id"]] = email
            else:
                assert response.status_code == 503
                assert "retry-after" in response.headers
                refused += 1
                await asyncio.sleep(0.05)

    with ServerProcess(tmp_path, settings) as server:
        await asyncio.to_thread(server.wait_until, "/readyz", 200)
        async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
            writers = [asyncio.create_task(write(client, number)) for number in range(6)]
            await asyncio.sleep(1)
            await asyncio.to_thread(restartable.kill)
            before = len(acknowledged)
            await asyncio.sleep(1.5)
            await asyncio.to_thread(restartable.start)
            await asyncio.to_thread(server.wait_until, "/readyz", 200)
            await asyncio.sleep(1)
            writing = False
            await asyncio.gather(*writers)
            assert before > 20
            assert refused > 0
            assert len(acknowledged) > before + 20

            async def read(user_id: str, email: str) -> None:
                response = await client.get(f"/users/{user_id}")
                assert response.status_code == 200, response.text
                assert response.json()["email"] == email

            for user_id, email in acknowledged.items():
                await read(user_id, email)


async def test_a_database_that_is_gone(restartable: Database) -> None:
    app = create_app(make_settings(restartable))
    async with app.state.lifecycle.lifespan(app), make_client(app) as client:
        await wait_until_ready(app)
        restartable.kill()
        try:
            await assert_unavailable(client)
            # And again, now that the driver knows.
            await assert_unavailable(client)
        finally:
            restartable.start()
        await wait_until_ready(app)
        created = await client.post("/users/", json={"name": "Ada", "email": "ada@example.com"})
        assert created.status_code == 201


async def test_a_database_that_comes_after_the_start(database_server: Database) -> None:
    port = free_port()
    changes = {"mongodb_uri": f"mongodb://127.0.0.1:{port}/?directConnection=true"}
    app = create_app(make_settings(database_server, **changes))
    async with app.state.lifecycle.lifespan(app), make_client(app) as client:
        await assert_unavailable(client)
        async with Relay(database_server.address, port):
            await wait_until_ready(app)
            body = {"name": "Ada", "email": "ada@example.com"}
            assert (await client.post("/users/", json=body)).status_code == 201
            # The indexes are there, too.
            assert (await client.post("/users/", json=body)).status_code == 409


@pytest.fixture
async def relay(database_server: Database) -> AsyncIterator[Relay]:
    async with Relay(database_server.address) as relay:
        yield relay


@pytest.fixture
async def app_behind_relay(relay: Relay, database_server: Database) -> AsyncIterator[FastAPI]:
    settings = make_settings(database_server, mongodb_uri=relay.uri, mongodb_max_pool_size=1)
    app = create_app(settings)
    async with app.state.lifecycle.lifespan(app):
        await wait_until_ready(app)
        yield app


async def test_a_database_that_hangs(relay: Relay, app_behind_relay: FastAPI) -> None:
    async with make_client(app_behind_relay) as client:
        relay.freeze()
        await assert_unavailable(client)
        relay.thaw()
        await wait_until_ready(app_behind_relay)
        assert (await client.get("/users/")).status_code == 200


async def test_a_pool_without_a_free_connection(relay: Relay, app_behind_relay: FastAPI) -> None:
    async def figure(client: httpx.AsyncClient, name: str) -> float:
        lines = (await client.get("/metrics")).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name + " "))

    failures = 'mongodb_pool_checkout_failures_total{reason="timeout"}'
    in_use = "mongodb_pool_connections_in_use"
    async with make_client(app_behind_relay) as client:
        failures_before = await figure(client, failures)
        in_use_before = await figure(client, in_use)
        relay.freeze()
        # Has the pool's only connection for longer than any request waits for one: had it the same
        # deadline, a request could get the connection at the last moment.
        holder = asyncio.create_task(app_behind_relay.state.lifecycle.database.ping(8))
        async with asyncio.timeout(1):
            while await figure(client, in_use) == in_use_before:  # noqa: ASYNC110 (asked by HTTP)
                await asyncio.sleep(0.01)
        responses = await asyncio.gather(*(client.get("/users/") for _ in range(5)))
        assert [response.status_code for response in responses] == [503] * 5
        assert await figure(client, failures) - failures_before == 5
        relay.thaw()
        await holder
        await wait_until_ready(app_behind_relay)
        responses = await asyncio.gather(*(client.get("/users/") for _ in range(20)))
        assert {response.status_code for response in responses} == {200}
