"""A start that fails because of a setting: one line that says so, and no traceback."""

import sys

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.settings import SettingsError


class StartupFailure:
    """Stands between the server and the start of the application, which may refuse its settings.

    The server ends, with a status that is not zero, on `lifespan.startup.failed`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_without_traceback(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                error = sys.exception()
                if isinstance(error, SettingsError):
                    sys.stderr.write(f"users-service: {error}\n")
                    message = {"type": "lifespan.startup.failed"}
            await send(message)

        await self._app(scope, receive, send_without_traceback)
