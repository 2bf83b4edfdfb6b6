"""Puts the application together."""

from fastapi import FastAPI

from app.api.routes import documentation, operations, users
from app.core import problems
from app.core.body_limit import BodyLimit
from app.core.lifecycle import Lifecycle
from app.core.logging import configure_logging
from app.core.observation import RequestObserver
from app.core.openapi import publish_openapi
from app.core.settings import Settings
from app.core.startup import StartupFailure
from app.repositories.users import COLLECTION, INDEXES


def create_app(settings: Settings) -> FastAPI:
    configure_logging(settings.log_level)
    lifecycle = Lifecycle(settings, indexes={COLLECTION: INDEXES})
    app = FastAPI(
        title="Users service",
        version="1.0.0",
        summary="Keeps users by name and e-mail address.",
        lifespan=lifecycle.lifespan,
        # The ready-made pages load scripts from elsewhere; app/api/routes/documentation.py has one.
        docs_url=None,
        redoc_url=None,
        # A redirect would go to the host that the request names, whoever sent it here.
        redirect_slashes=False,
        # Nothing here exports traces; without this every request looks for a provider.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.lifecycle = lifecycle
    app.include_router(users.router)
    app.include_router(operations.router)
    app.include_router(documentation.router)
    problems.install(app)
    publish_openapi(app, settings)
    # The last one added is the outermost: what the limit refuses is observed as well.
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        timeout_seconds=settings.body_timeout_seconds,
    )
    app.add_middleware(RequestObserver, lifecycle=lifecycle)
    app.add_middleware(StartupFailure)
    return app
