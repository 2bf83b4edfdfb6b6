"""Which errors pass, and what is logged of an error."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from app.core import database_errors
from app.core.errors import SettingsError

ADDRESS = "ada@example.com"


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("connection closed"),
        NetworkTimeout("timed out"),
        NotPrimaryError("not primary"),
        ServerSelectionTimeoutError("no servers"),
        WaitQueueTimeoutError("no connection"),
        ExecutionTimeout("operation exceeded time limit", 50),
        WTimeoutError("waiting for replication timed out", 64),
        OperationFailure("not authorized", 13),
        OperationFailure("authentication failed", 18),
    ],
)
def test_these_pass(error: PyMongoError) -> None:
    assert database_errors.is_temporary(error)


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("bad option"),
        DuplicateKeyError("E11000", 11000),
        OperationFailure("unknown operator", 2),
        WriteConcernError("no such mode", 79),
    ],
)
def test_these_are_faults(error: PyMongoError) -> None:
    assert not database_errors.is_temporary(error)


def test_what_a_server_says_is_not_logged() -> None:
    text = f"E11000 duplicate key error: {ADDRESS}"
    for error in (
        DuplicateKeyError(text, 11000, {"keyValue": {"email": ADDRESS}}),
        NotPrimaryError(text, {"errmsg": ADDRESS}),
        ValueError(text),
    ):
        assert ADDRESS not in str(database_errors.fields(error))
    assert database_errors.fields(DuplicateKeyError(text, 11000)) == {
        "error": "DuplicateKeyError",
        "code": 11000,
    }


def test_what_is_wrong_with_a_setting_is_logged() -> None:
    fields = database_errors.fields(SettingsError("MONGODB_PASSWORD_FILE: /secret is empty"))
    assert fields == {"error": "SettingsError", "reason": "MONGODB_PASSWORD_FILE: /secret is empty"}


def test_what_the_network_says_is_logged_but_no_book() -> None:
    fields = database_errors.fields(ServerSelectionTimeoutError("a.test:27017: refused"))
    assert fields["reason"] == "a.test:27017: refused"
    fields = database_errors.fields(ServerSelectionTimeoutError("x" * 10_000))
    assert len(fields["reason"]) < 400
