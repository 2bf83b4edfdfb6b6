"""Bounds what a request's body costs: its size, and the time that it takes to come.

A body that is too large is refused by its declared length, else as soon as too much has come. One
that is too slow is refused when its time is over: until then what has come of it is kept in memory,
and the end of the process waits for it.
"""

import asyncio
import contextlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import problems


class BodyError(Exception):
    """Raised into the application where it reads a body that it can't have."""


class BodyTooLargeError(BodyError):
    pass


class BodyTooSlowError(BodyError):
    pass


class ClientLeftError(BodyError):
    """The connection ended in the middle of the body, so there is nobody to answer."""


class BodyLimit:
    def __init__(self, app: ASGIApp, max_bytes: int, timeout_seconds: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_seconds = timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        declared = Headers(scope=scope).get("content-length", "")
        # Digits without end are too many without being a number that Python reads.
        if declared.isascii() and declared.isdigit() and self._exceeds(declared):
            await self._refuse_size(scope, receive, send)
            return

        body = _Body(receive, self._max_bytes, self._timeout_seconds)
        started = False

        async def send_unless_failed(message: Message) -> None:
            nonlocal started
            # The application may have answered the exception in its own way.
            if body.failure is not None and not started:
                return
            started = True
            await send(message)

        with contextlib.suppress(BodyError):
            await self._app(scope, body.receive, send_unless_failed)
        if started:
            return
        if isinstance(body.failure, BodyTooLargeError):
            await self._refuse_size(scope, receive, send)
        elif isinstance(body.failure, BodyTooSlowError):
            await self._refuse_time(scope, receive, send)

    def _exceeds(self, digits: str) -> bool:
        significant = digits.lstrip("0")
        limit = str(self._max_bytes)
        return (len(significant), significant) > (len(limit), limit)

    # The rest of a refused body is not read, so the connection can't be used for another request.

    async def _refuse_size(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body must not be larger than {self._max_bytes} bytes."
        response = problems.response(413, detail, headers={"Connection": "close"})
        await response(scope, receive, send)

    async def _refuse_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body must be there {self._timeout_seconds:g} seconds after the head."
        response = problems.response(408, detail, headers={"Connection": "close"})
        await response(scope, receive, send)


class _Body:
    """The body of one request, as the application may receive it."""

    def __init__(self, receive: Receive, max_bytes: int, timeout_seconds: float) -> None:
        self.failure: BodyError | None = None
        self._receive = receive
        self._bytes_left = max_bytes
        self._deadline = asyncio.get_running_loop().time() + timeout_seconds
        self._complete = False

    async def receive(self) -> Message:
        if self._complete:
            # All that may still come is the end of the connection, and that takes its time.
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise self._fail(BodyTooSlowError()) from None
        if message["type"] != "http.request":
            raise self._fail(ClientLeftError())
        self._bytes_left -= len(message.get("body", b""))
        if self._bytes_left < 0:
            raise self._fail(BodyTooLargeError())
        self._complete = not message.get("more_body", False)
        return message

    def _fail(self, failure: BodyError) -> BodyError:
        self.failure = failure
        return failure
