"""The database of the run, and the application on it."""

import asyncio
import io
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.application import create_app
from app.core.logging import JsonFormatter
from app.core.settings import Settings
from tests.support.database import Database, DatabaseUnavailableError, start_database

_DATABASE = pytest.StashKey[Database]()
_DIRECTORY = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


# A line for each request would hide what a failed test has to say.
logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the database before the header is printed, which names it."""
    directory = tempfile.TemporaryDirectory(prefix="users-service-tests-")
    session.config.stash[_DIRECTORY] = directory
    try:
        session.config.stash[_DATABASE] = start_database(Path(directory.name))
    except DatabaseUnavailableError as error:
        # A run without its tests is no success, so this ends it.
        pytest.exit(str(error), returncode=1)


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.stash[_DATABASE].name}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if database := session.config.stash.get(_DATABASE, None):
        database.close()
    if directory := session.config.stash.get(_DIRECTORY, None):
        directory.cleanup()


@pytest.fixture(autouse=True)
def _environment_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is set on this machine away from the settings that the tests make."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> Database:
    return request.config.stash[_DATABASE]


@pytest.fixture
def settings(database_server: Database) -> Settings:
    return make_settings(database_server)


def make_settings(database_server: Database, **changes: object) -> Settings:
    """Settings for a database of its own on the server."""
    values = {
        "mongodb_uri": database_server.uri,
        "mongodb_database": database_server.new_database(),
        **changes,
    }
    return Settings.model_validate(values)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started and ready."""
    application = create_app(settings)
    async with application.state.lifecycle.lifespan(application):
        await wait_until_ready(application)
        yield application


async def wait_until_ready(application: FastAPI) -> None:
    async with make_client(application) as client, asyncio.timeout(10):
        while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110 (asked by HTTP)
            await asyncio.sleep(0.01)


def make_client(application: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application)
    return httpx.AsyncClient(transport=transport, base_url="http://users.test")


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """What the application logs meanwhile, as it is written."""
    (handler,) = (
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and isinstance(handler.formatter, JsonFormatter)
    )
    output = io.StringIO()
    previous = handler.setStream(output)
    try:
        yield output
    finally:
        handler.setStream(previous)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client
