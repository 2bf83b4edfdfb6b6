"""Every error as a problem document (RFC 9457), and what the OpenAPI document says of it."""

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from app.core import database_errors
from app.core.unavailable import UnavailableError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")

logger = logging.getLogger(__name__)


class InvalidValue(BaseModel):
    """One value of a request that is wrong: in the body (`pointer`) or a parameter."""

    detail: str
    location: Literal["body", "query", "path", "header"]
    pointer: str | None = Field(default=None, description="JSON pointer into the body.")
    parameter: str | None = None


class Problem(BaseModel):
    type: str = "about:blank"
    title: str = Field(description="What the status means.")
    status: int
    detail: str
    errors: list[InvalidValue] | None = Field(default=None, description="Only with status 422.")


# The words of RFC 9110, which those of older versions of Python are not.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

_DESCRIPTIONS = {
    404: "There is no such user.",
    405: "The path has no such method; `Allow` lists those that it has.",
    408: "The body did not come in time.",
    409: "Another user has this e-mail address.",
    413: "The body is larger than the service takes.",
    415: "The body is not declared as JSON.",
    422: "A parameter or the body does not keep the rules; `errors` says which and why.",
    500: "A fault of the service. Its log has the cause under the `X-Request-ID` of this answer.",
    503: "The database or the service is not available now.",
}


def response_components() -> dict[str, Any]:
    """The error responses of the OpenAPI document, by status."""
    components: dict[str, Any] = {}
    for status, description in _DESCRIPTIONS.items():
        schema = {"$ref": "#/components/schemas/Problem"}
        component: dict[str, Any] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        if status == 503:
            component["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
            }
        if status == 405:
            component["headers"] = {"Allow": {"schema": {"type": "string"}}}
        components[component_name(status)] = component
    return components


def component_name(status: int) -> str:
    return _title(status).replace(" ", "")


def _title(status: int) -> str:
    return _TITLES.get(status) or HTTPStatus(status).phrase


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its `responses`."""
    components = response_components()
    return {status: components[component_name(status)] for status in statuses}


def response(
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: Sequence[InvalidValue] | None = None,
) -> Response:
    problem = Problem(
        title=_title(status),
        status=status,
        detail=detail,
        errors=None if errors is None else list(errors),
    )
    content = json.dumps(problem.model_dump(exclude_none=True), ensure_ascii=False)
    # What is wrong may be named, and a name from a request can hold half of a surrogate pair,
    # which UTF-8 has no bytes for.
    return Response(
        content.encode("utf-8", "replace"), status, headers=headers, media_type=MEDIA_TYPE
    )


def unavailable(detail: str) -> Response:
    return response(503, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def install(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(UnavailableError, _unavailable)
    app.add_exception_handler(PyMongoError, _database_error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 400:
        # Raised where a body is no JSON at all: broken UTF-8, too deep, a number of any length.
        detail = "is not JSON that can be read"
        return _invalid([InvalidValue(detail=detail, location="body", pointer="#")])
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed_methods(request))
        return response(405, f"Allowed here: {headers['Allow']}.", headers=headers)
    detail = error.detail
    if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "There is nothing at this path."
    return response(error.status_code, detail, headers=headers)


def _allowed_methods(request: Request) -> list[str]:
    """The methods of all routes of this path; the router itself knows those of the first only."""
    allowed = []
    for method in _METHODS:
        scope: Scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            allowed.append(method)
    return allowed


async def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _invalid([_invalid_value(item) for item in error.errors()])


def _invalid(errors: Sequence[InvalidValue]) -> Response:
    count = "1 value is" if len(errors) == 1 else f"{len(errors)} values are"
    return response(422, f"{count} not valid; see `errors`.", errors=errors)


def _invalid_value(item: dict[str, Any]) -> InvalidValue:
    location, *path = item["loc"]
    detail = str(item["msg"])
    if item["type"] == "json_invalid":
        detail = f"is not JSON: {item['ctx']['error']} at character {path[0]}"
        path = []
    if location != "body":
        return InvalidValue(detail=detail, location=location, parameter=".".join(map(str, path)))
    return InvalidValue(detail=detail, location="body", pointer=_json_pointer(path))


def _json_pointer(path: Sequence[str | int]) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)


async def _unavailable(_: Request, error: Exception) -> Response:
    assert isinstance(error, UnavailableError)
    return unavailable(error.detail)


async def _database_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, PyMongoError)
    if not database_errors.is_temporary(error):
        raise error
    logger.warning("the database is not available", extra=database_errors.fields(error))
    return unavailable("The database does not answer.")
