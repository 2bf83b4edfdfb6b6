"""What every kind of database server for the tests offers."""

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

Client = MongoClient[dict[str, Any]]


class DatabaseUnavailableError(RuntimeError):
    """There is no database to test with; the text is one line that says what to do."""


class Database(ABC):
    """A running server that speaks MongoDB's protocol.

    Closing it, which leaving its context does, ends the server and what it stored.
    """

    #: Whether `kill` and `start` work: they do on servers that the test run started itself.
    can_restart = True
    #: Whether the server is FerretDB, which lacks some of what MongoDB has.
    is_ferretdb = False

    def __init__(self) -> None:
        self._prefix = f"users_test_{secrets.token_hex(4)}"
        self._names = 0

    @property
    @abstractmethod
    def name(self) -> str:
        """What serves, with its version, for the header of the test run."""

    @property
    @abstractmethod
    def uri(self) -> str:
        """The connection string; it names no database."""

    @property
    @abstractmethod
    def address(self) -> tuple[str, int]:
        """Where the server takes plain connections without a login, for relays."""

    @abstractmethod
    def start(self) -> None:
        """Start the server again, with the same data on the same port, and wait until it serves."""

    @abstractmethod
    def kill(self) -> None:
        """End the server by SIGKILL, as a crash does, and wait until it is gone."""

    @abstractmethod
    def close(self) -> None:
        """End the server for good; harmless when that has been done."""

    def new_database(self) -> str:
        """Return the name of a database that neither this nor another test run has used."""
        self._names += 1
        return f"{self._prefix}_{self._names}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def connect(uri: str, *, direct: bool, timeout: float) -> Iterator[Client]:
    """Open a client of the server, for what the support itself has to ask it."""
    client: Client = MongoClient(
        uri,
        directConnection=direct,
        serverSelectionTimeoutMS=round(timeout * 1000),
        connectTimeoutMS=round(timeout * 1000),
        socketTimeoutMS=round(timeout * 1000),
    )
    with client:
        yield client


def wait_until_writable(port: int, timeout: float) -> None:
    """Wait until the server on the port of 127.0.0.1 answers and takes writes."""
    deadline = time.monotonic() + timeout
    problem = "it takes no writes"
    while time.monotonic() < deadline:
        try:
            with connect(f"mongodb://127.0.0.1:{port}/", direct=True, timeout=5) as client:
                while time.monotonic() < deadline:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return
                    time.sleep(0.05)
        except PyMongoError as error:
            problem = f"{type(error).__name__} on hello"
            time.sleep(0.05)
    raise DatabaseUnavailableError(f"the server does not serve within {timeout:g} s: {problem}")


def product(client: Client) -> tuple[str, bool]:
    """Return the server's product with its version, and whether it is FerretDB."""
    information = client.admin.command("buildInfo")
    if "ferretdbVersion" in information or "ferretdb" in information:
        version = information.get("ferretdbVersion", "unknown")
        return ("FerretDB" if version == "unknown" else f"FerretDB {version}"), True
    return f"MongoDB {information['version']}", False
