"""Users: create, list, read, change, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError

from app.api.dependencies import SettingsDependency, UsersDependency, require_json
from app.core.problems import responses
from app.models import User, UserCreate, UserId, UserPage, UserQuery, UserUpdate
from app.repositories.users import EmailTakenError

DEFAULT_PAGE_SIZE = 20

router = APIRouter(prefix="/users", tags=["users"])


def _link(operation: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {"user_id": "$response.body#/id"}}


@router.post(
    "/",
    operation_id="create_user",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(require_json)],
    responses={
        201: {
            "description": "The user was created.",
            "headers": {
                "Location": {"description": "The path of the user.", "schema": {"type": "string"}}
            },
            "links": {
                "get": _link("get_user"),
                "update": _link("update_user"),
                "delete": _link("delete_user"),
            },
        },
        **responses(408, 409, 413, 415, 422, 500, 503),
    },
)
async def create_user(
    user: UserCreate, users: UsersDependency, request: Request, response: Response
) -> User:
    try:
        created = await users.create(user)
    except EmailTakenError:
        raise _email_taken() from None
    # A path and not a URL: the host that a proxy passes on is nothing to rely on.
    path = request.app.url_path_for("get_user", user_id=created.id)
    response.headers["Location"] = request.scope.get("root_path", "") + path
    return created


@router.get("/", operation_id="list_users", responses=responses(422, 500, 503))
async def list_users(
    query: Annotated[UserQuery, Query()], users: UsersDependency, settings: SettingsDependency
) -> UserPage:
    """Users in the order of their ids, a page at a time; `next` is the `cursor` of the next one."""
    largest = settings.max_page_size
    limit = min(DEFAULT_PAGE_SIZE, largest) if query.limit is None else query.limit
    if limit > largest:
        raise RequestValidationError(
            [{"loc": ("query", "limit"), "msg": f"must be at most {largest}", "type": "limit"}]
        )
    return await users.page(limit=limit, cursor=query.cursor, email=query.email, name=query.name)


@router.get("/{user_id}", operation_id="get_user", responses=responses(404, 422, 500, 503))
async def get_user(user_id: UserId, users: UsersDependency) -> User:
    return _found(await users.get(user_id))


@router.patch(
    "/{user_id}",
    operation_id="update_user",
    dependencies=[Depends(require_json)],
    responses=responses(404, 408, 409, 413, 415, 422, 500, 503),
)
async def update_user(user_id: UserId, update: UserUpdate, users: UsersDependency) -> User:
    try:
        return _found(await users.update(user_id, update))
    except EmailTakenError:
        raise _email_taken() from None


@router.delete(
    "/{user_id}",
    operation_id="delete_user",
    status_code=status.HTTP_204_NO_CONTENT,
    # The default one would name the type of a body that is not there.
    response_class=Response,
    responses=responses(404, 422, 500, 503),
)
async def delete_user(user_id: UserId, users: UsersDependency) -> None:
    if not await users.delete(user_id):
        raise _not_found()


def _found(user: User | None) -> User:
    if user is None:
        raise _not_found()
    return user


def _not_found() -> HTTPException:
    return HTTPException(status.HTTP_404_NOT_FOUND, "There is no user with this id.")


def _email_taken() -> HTTPException:
    return HTTPException(status.HTTP_409_CONFLICT, "Another user has this e-mail address.")
