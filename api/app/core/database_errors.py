"""Which errors of the database pass, and what of an error may be logged."""

from typing import Any

from pymongo.errors import (
    ConnectionFailure,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
)

from app.core.errors import SettingsError

# Unauthorized and AuthenticationFailed: the login is wrong or not there yet. Nobody can be served,
# and what has to change is not in the request.
_LOGIN_CODES = frozenset({13, 18})
_LONGEST_TEXT = 300


def is_temporary(error: PyMongoError) -> bool:
    """No connection, no free connection in time, no primary, no answer in time, no login."""
    if isinstance(error, ConnectionFailure) or error.timeout:
        return True
    return isinstance(error, OperationFailure) and error.code in _LOGIN_CODES


def fields(error: BaseException) -> dict[str, Any]:
    """The type of an error for the log, and its text only where that can't hold data of a user.

    The text of a violated unique index, for one, has the value that was there already.
    """
    found: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, OperationFailure):
        found["code"] = error.code
    elif isinstance(error, SettingsError):
        found["reason"] = str(error)
    elif isinstance(error, ConnectionFailure) and not isinstance(error, NotPrimaryError):
        # Of the network and not of the server: an address and what the system says.
        text = str(error)
        found["reason"] = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."
    return found
