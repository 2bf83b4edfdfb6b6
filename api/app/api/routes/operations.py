"""What the platform asks: is the process alive, can it serve, what are its figures."""

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from app.api.dependencies import DatabaseDependency, LifecycleDependency, SettingsDependency
from app.core import metrics
from app.core.problems import responses
from app.core.unavailable import UnavailableError

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"


@router.get("/healthz", operation_id="health", responses=responses(500))
async def health() -> Health:
    """The process answers. The database is not asked: a restart would not bring it back."""
    return Health()


@router.get("/readyz", operation_id="readiness", responses=responses(500, 503))
async def readiness(
    lifecycle: LifecycleDependency, database: DatabaseDependency, settings: SettingsDependency
) -> Readiness:
    """The database answers within the deadline, and the process is not about to end."""
    if lifecycle.stopping:
        raise UnavailableError("The process is shutting down.")
    await database.ping(settings.ready_timeout_ms / 1000)
    return Readiness()


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=PlainTextResponse,
    responses=responses(500),
)
async def prometheus_metrics() -> Response:
    """Figures in the text format of Prometheus."""
    content, content_type = await metrics.exposition()
    return Response(content, media_type=content_type)
