"""What every request gets: an id, a line in the log, figures, an answer if all else fails."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import metrics, problems
from app.core.lifecycle import Lifecycle
from app.core.logging import request_id

REQUEST_ID_HEADER = "X-Request-ID"
UNMATCHED = "(unmatched)"

# No character that a log or a header could trip over, and none that an e-mail address needs.
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
# The platform asks these every few seconds.
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})

logger = logging.getLogger("app.request")


class RequestObserver:
    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        sent_id = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        identifier = sent_id if _SANE_REQUEST_ID.fullmatch(sent_id) else uuid.uuid4().hex
        token = request_id.set(identifier)
        status: int | None = None
        started_at = time.perf_counter()

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = identifier
                if self._lifecycle.stopping:
                    # Whoever keeps connections open opens the next one to a process that stays.
                    headers["Connection"] = "close"
            await send(message)

        metrics.REQUESTS_IN_PROGRESS.inc()
        try:
            await self._app(scope, receive, send_observed)
        except Exception:
            # Not raised again: the server would log its text, which may hold personal data.
            logger.exception("unhandled exception")
            if status is None:
                failure = problems.response(500, "The service failed; its log says why.")
                await failure(scope, receive, send_observed)
        finally:
            metrics.REQUESTS_IN_PROGRESS.dec()
            self._record(scope, status, time.perf_counter() - started_at)
            request_id.reset(token)

    @staticmethod
    def _record(scope: Scope, status: int | None, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        # The template and not the path, which holds ids, and no query, which holds addresses.
        route = _route(scope)
        # Without an answer the client is gone or the server gave up on the request.
        label = "none" if status is None else str(status)
        metrics.REQUESTS.labels(method, route, label).inc()
        metrics.REQUEST_SECONDS.labels(method, route, label).observe(seconds)
        logger.log(
            logging.DEBUG if route in _QUIET_ROUTES else logging.INFO,
            "request",
            extra={
                "method": method,
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 3),
            },
        )


def _route(scope: Scope) -> str:
    template = getattr(scope.get("route"), "path", None)
    if template is not None:
        return str(template)
    if "endpoint" in scope and not scope.get("path_params"):
        # A plain route, as that of the OpenAPI document, does not name itself; without parameters
        # the path is the template.
        return str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return UNMATCHED
