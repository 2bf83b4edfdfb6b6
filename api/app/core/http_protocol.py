"""What uvicorn leaves open for a client that sends slowly or not at all: `uvicorn --http`.

uvicorn applies its limit of connections to the requests on them, and by then has read what of their
bodies came with their heads. Of many that come at once that is more than a container has memory.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core import metrics

# From the first byte of a head, or from the opening of a connection, to the end of the head.
_HEAD_SECONDS = 10.0


class GuardedHttpProtocol(HttpToolsProtocol):
    """Reads nothing from a connection above the limit, and waits for a head only so long."""

    _head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # With as many as the limit uvicorn answers 503 to each of them. With one less those who are
        # here are served.
        if self.limit_concurrency and len(self.connections) + 1 >= self.limit_concurrency:
            self.transport = transport
            metrics.CONNECTIONS_REFUSED.inc()
            transport.abort()
            return
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_there()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        if self._head_deadline is None:
            self._head_deadline = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _head_is_there(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None
