"""What the routes ask for.

All of it asynchronous, even where nothing waits: FastAPI calls plain functions in a thread.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, HTTPException, Request, status

from app.core.database import Database
from app.core.lifecycle import Lifecycle
from app.core.settings import Settings
from app.repositories.users import COLLECTION, UserRepository


async def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def get_lifecycle(request: Request) -> Lifecycle:
    lifecycle: Lifecycle = request.app.state.lifecycle
    return lifecycle


async def get_database(lifecycle: Annotated[Lifecycle, Depends(get_lifecycle)]) -> Database:
    return lifecycle.database


SettingsDependency = Annotated[Settings, Depends(get_settings)]
LifecycleDependency = Annotated[Lifecycle, Depends(get_lifecycle)]
DatabaseDependency = Annotated[Database, Depends(get_database)]


async def get_users(database: DatabaseDependency) -> AsyncIterator[UserRepository]:
    async with database.use() as connected:
        yield UserRepository(connected[COLLECTION])


# Given back before the answer is sent: a slow reader does not hold on to a database client.
UsersDependency = Annotated[UserRepository, Depends(get_users, scope="function")]


async def require_json(request: Request) -> None:
    """A body that does not say that it is JSON is refused. No body at all is left to validation."""
    headers = request.headers
    content_type = headers.get("content-type")
    if content_type is None:
        no_body = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        if no_body:
            return
    else:
        media_type = content_type.partition(";")[0].strip().lower()
        kind, _, subtype = media_type.partition("/")
        if kind == "application" and (subtype == "json" or subtype.endswith("+json")):
            return
    raise HTTPException(
        status.HTTP_415_UNSUPPORTED_MEDIA_TYPE,
        "The body must be JSON, with `Content-Type: application/json`.",
        headers={"Accept": "application/json"},
    )
