"""The client of the database: made, watched, replaced, closed.

A client has the certificate and the password that it was made with. When their files on disk
change, a new client takes over, and the old one is closed when the last request that uses it is
done.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pymongo
from pymongo import AsyncMongoClient, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from app.core import database_errors, metrics
from app.core.database_client import create_client
from app.core.fingerprint import fingerprint
from app.core.settings import Settings
from app.core.unavailable import UnavailableError

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0
# An index on a large collection takes longer than any request may.
_INDEX_SECONDS = 60.0

_START_SECONDS = 1.0
_STOP_SECONDS = 2.0
# PyMongo looks at the time twice a second while it waits for a server.
_GRACE_SECONDS = 0.2

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
# The indexes of each collection.
Indexes = Mapping[str, Sequence[IndexModel]]

logger = logging.getLogger(__name__)


class _Connection:
    """A client and the number of requests that use it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._uses = 0
        self._unused = asyncio.Event()
        self._unused.set()

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Client]:
        self._uses += 1
        self._unused.clear()
        try:
            yield self.client
        finally:
            self._uses -= 1
            if self._uses == 0:
                self._unused.set()

    async def close_when_unused(self) -> None:
        try:
            await self._unused.wait()
        finally:
            await self.client.close()


class Database:
    def __init__(self, settings: Settings, indexes: Indexes) -> None:
        self._settings = settings
        self._indexes = indexes
        self._name = settings.database_name
        self._prepared = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        files = self._settings.credential_files
        # Taken before the client reads them: a change in between is seen as one.
        used = await asyncio.to_thread(fingerprint, files)
        self._connection = _Connection(create_client(self._settings))
        self._spawn(self._prepare())
        if files:
            self._spawn(self._watch_credentials(files, used))
        # With a database at hand the first request finds all prepared; without one the process
        # starts all the same, and is not ready.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                await self._prepared.wait()
        return self

    async def __aexit__(self, *exception: object) -> None:
        pending: set[asyncio.Task[None]] = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            # Again until it is heard: a cancellation that comes while PyMongo waits for a server
            # can end that wait and nothing else.
            _, pending = await asyncio.wait(pending, timeout=0.1)
        # A server that hangs is not told that its sessions end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._connection.client.close()

    @asynccontextmanager
    async def use(self, seconds: float | None = None) -> AsyncIterator[AsyncDatabase[Document]]:
        """The database for one request, which may take that long; else as long as an operation.

        Raises UnavailableError when the time is over, and before the indexes are there: without
        them an e-mail address would not be unique.
        """
        if not self._prepared.is_set():
            raise UnavailableError("The database is not ready: its indexes could not be made yet.")
        if seconds is None:
            seconds = self._settings.mongodb_timeout_ms / 1000
        try:
            with pymongo.timeout(seconds):
                async with asyncio.timeout(seconds + _GRACE_SECONDS):
                    async with self._connection.use() as client:
                        yield client[self._name]
        except TimeoutError:
            logger.warning("the database took too long", extra={"seconds": seconds})
            raise UnavailableError("The database does not answer.") from None

    async def ping(self, seconds: float) -> None:
        """Asks the primary for an answer. Raises UnavailableError or an error of PyMongo."""
        async with self.use(seconds) as database:
            await database.command("ping")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        # The loop itself holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self) -> None:
        """Makes the indexes, as often as it takes. Several processes may do so at once."""
        delay = _FIRST_RETRY_SECONDS
        reported = None
        while True:
            try:
                await self._make_indexes()
            except Exception as error:  # noqa: BLE001 (whatever it is, the next attempt may succeed)
                # Said again only if the reason is another one.
                if (fields := database_errors.fields(error)) != reported:
                    reported = fields
                    logger.warning("the indexes can't be made yet", extra=fields)
            else:
                self._prepared.set()
                logger.info("the indexes are there")
                return
            # Not all replicas in step.
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
            delay = min(delay * 2, _LONGEST_RETRY_SECONDS)

    async def _make_indexes(self) -> None:
        async with self._connection.use() as client:
            database = client[self._name]
            # The long time below is for the indexes and not for a server that may not come.
            await database.command("ping")
            with pymongo.timeout(_INDEX_SECONDS):
                for collection, indexes in self._indexes.items():
                    for index in indexes:
                        # One that is there already is no error.
                        await database[collection].create_indexes([index])

    async def _watch_credentials(self, files: Sequence[Path], used: bytes) -> None:
        refused: tuple[bytes | None, str] | None = None
        while True:
            await asyncio.sleep(self._settings.mongodb_reload_seconds)
            found = None
            try:
                found = await asyncio.to_thread(fingerprint, files)
                if found == used:
                    refused = None
                    continue
                await self._replace_client()
            except Exception as error:  # noqa: BLE001 (the watch must not end)
                # Tried again each time, as the database may have been away; said once.
                if refused != (reason := (found, type(error).__name__)):
                    refused = reason
                    metrics.CREDENTIAL_ROTATIONS.labels("refused").inc()
                    logger.error(  # noqa: TRY400 (where it was raised says nothing more)
                        "the credential files changed and can't be used; the old ones stay in use",
                        extra=database_errors.fields(error),
                    )
            else:
                used, refused = found, None
                metrics.CREDENTIAL_ROTATIONS.labels("done").inc()
                logger.info("the credential files changed; a new client uses them")

    async def _replace_client(self) -> None:
        """Changes nothing, and raises, if the new client can't be made or does not get in."""
        client = create_client(self._settings)
        try:
            with pymongo.timeout(self._settings.mongodb_timeout_ms / 1000):
                await client[self._name].command("ping")
        except BaseException:
            await client.close()
            raise
        replaced, self._connection = self._connection, _Connection(client)
        self._spawn(replaced.close_when_unused())
