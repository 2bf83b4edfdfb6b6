"""From start to end of the process: what is opened, and how it stops without dropping a request.

SIGTERM: not ready at once, requests are served for a while longer until no proxy sends any, then
the server drains and the process ends with status 0. SIGINT is left to the server, which drains at
once.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

from fastapi import FastAPI

from app.core import metrics, tls
from app.core.database import Database, Indexes
from app.core.settings import Settings

logger = logging.getLogger(__name__)


class Lifecycle:
    def __init__(self, settings: Settings, indexes: Indexes) -> None:
        self._settings = settings
        self._indexes = indexes
        self._database: Database | None = None
        self.stopping = False

    @property
    def database(self) -> Database:
        assert self._database is not None, "the lifespan has not begun"
        return self._database

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(_log_loop_error)
        settings = self._settings
        if settings.checks_server:
            context = tls.create_context(settings.tls_files, settings.tls_names)
            await tls.check_server_certificates(context, settings.hosts, settings.tls_names)
        with self._sigterm_delayed():
            async with Database(settings, self._indexes) as database:
                self._database = database
                yield
                self.stopping = True
        metrics.forget_process()

    @contextmanager
    def _sigterm_delayed(self) -> Iterator[None]:
        """Puts the delay between SIGTERM and the server's own handler of it."""
        server_handler = signal.getsignal(signal.SIGTERM)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or not callable(server_handler):
            # Run by something that does not handle the signal itself, such as a test.
            yield
            return
        loop = asyncio.get_running_loop()

        def on_sigterm(_: int, __: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin_to_stop, loop, server_handler)

        signal.signal(signal.SIGTERM, on_sigterm)
        try:
            yield
        finally:
            if self.stopping:
                # When all is done uvicorn restores the default action and raises the signal again,
                # so that its caller sees a process that was killed. A stop that was asked for and
                # went well is a success, so that last signal stays pending.
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def _begin_to_stop(
        self,
        loop: asyncio.AbstractEventLoop,
        server_handler: Callable[[int, FrameType | None], Any],
    ) -> None:
        if self.stopping:
            return
        self.stopping = True
        delay = self._settings.shutdown_delay_seconds
        logger.info("shutting down", extra={"delay_seconds": delay})
        loop.call_later(delay, server_handler, signal.SIGTERM, None)


def _log_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """As the loop's own handler, which would print the texts of errors."""
    error = context.get("exception")
    logger.error(context.get("message", "error in the event loop"), exc_info=error or False)
