"""What goes in and out of the API.

Every rule that a value has to keep is in the JSON Schema of the OpenAPI document, but for the finer
points of an e-mail address. The patterns are read alike by ECMA 262 (the document) and by Rust's
`regex` (pydantic).
"""

from datetime import datetime
from typing import Annotated, Any, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

# No control characters (C0, DEL, C1), and at least one character that is not a space.
_NAME_PATTERN = (
    r"^[^\u0000-\u001F\u007F-\u009F]*"
    r"[^\u0000-\u0020\u007F-\u00A0]"
    r"[^\u0000-\u001F\u007F-\u009F]*$"
)
_NO_CONTROL_CHARACTERS = r"^[^\u0000-\u001F\u007F-\u009F]*$"


def _trim(name: str) -> str:
    return name.strip(" \u00a0")


def _normalize_email(address: str) -> str:
    try:
        # Whether mail arrives is not asked, so the domain that is reserved for tests is as good as
        # any other.
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise PydanticCustomError(
            "email", "is not an e-mail address: {reason}", {"reason": str(error)}
        ) from None
    return checked.normalized


UserId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{24}$"),
    Field(description="24 hexadecimal digits, given by the server."),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=_NAME_PATTERN),
    AfterValidator(_trim),
    Field(
        description="Any text without control characters; spaces around it are dropped.",
        examples=["Ada Lovelace"],
    ),
]
Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    AfterValidator(_normalize_email),
    Field(
        description="Unique among the users, whatever its case.",
        json_schema_extra={"format": "email"},
        examples=["ada@example.com"],
    ),
]
Cursor = Annotated[
    str,
    # The 12 bytes of an id in base64url: every such text is a position.
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{16}$"),
    Field(description="The `next` of an earlier page. What is in it may change."),
]


# Stands for a value that was not sent, and is never one itself: null is refused.
_ABSENT: Any = None


def _at_least_one(schema: dict[str, Any]) -> None:
    schema["minProperties"] = 1
    for value in schema["properties"].values():
        value.pop("default")


class UserCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Email


class UserUpdate(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_at_least_one)

    name: Name = _ABSENT
    email: Email = _ABSENT

    @model_validator(mode="after")
    def _refuse_nothing(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing", "must have `name`, `email` or both")
        return self

    def changes(self) -> dict[str, str]:
        """The values that were sent."""
        return self.model_dump(exclude_unset=True)


class User(BaseModel):
    id: UserId
    name: str
    email: str
    created_at: datetime
    updated_at: datetime


class UserPage(BaseModel):
    items: list[User]
    next: Cursor | None = Field(description="The `cursor` of the next page; null on the last one.")


class UserQuery(BaseModel):
    """The parameters of a list. An unknown one is refused: a typo must not list everyone."""

    model_config = ConfigDict(extra="forbid")

    limit: int | None = Field(default=None, ge=1, description="Users on a page.")
    cursor: Cursor | None = None
    email: Email | None = Field(default=None, description="This address, whatever its case.")
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=_NO_CONTROL_CHARACTERS,
        description="Names that begin with this text, whatever its case.",
    )
