"""Refuses a body that is too large: by its declared length, else as soon as too much has come."""

import contextlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import problems


class BodyTooLargeError(Exception):
    """Raised into the application where it reads on."""


class BodyLimit:
    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        declared = Headers(scope=scope).get("content-length", "")
        # Digits without end are too many without being a number that Python reads.
        if declared.isascii() and declared.isdigit() and self._exceeds(declared):
            await self._refuse(scope, receive, send)
            return

        received = 0
        too_large = False
        started = False

        async def receive_within_limit() -> Message:
            nonlocal received, too_large
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._max_bytes:
                    too_large = True
                    raise BodyTooLargeError
            return message

        async def send_unless_too_large(message: Message) -> None:
            nonlocal started
            # The application may have answered the exception in its own way.
            if too_large and not started:
                return
            started = True
            await send(message)

        with contextlib.suppress(BodyTooLargeError):
            await self._app(scope, receive_within_limit, send_unless_too_large)
        if too_large and not started:
            await self._refuse(scope, receive, send)

    def _exceeds(self, digits: str) -> bool:
        significant = digits.lstrip("0")
        limit = str(self._max_bytes)
        return (len(significant), significant) > (len(limit), limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body must not be larger than {self._max_bytes} bytes."
        # The rest of the body is not read, so the connection can't be used for another request.
        response = problems.response(413, detail, headers={"Connection": "close"})
        await response(scope, receive, send)
