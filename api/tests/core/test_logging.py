"""The form of the log, and what it never has in it."""

import json
import logging
import sys

import pytest

from app.core.logging import JsonFormatter, configure_logging, request_id

ADDRESS = "ada@example.com"


def entry(**attributes: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {"name": "app.test", "levelname": "INFO", "msg": "message", **attributes}
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert line.isascii()
    parsed: dict[str, object] = json.loads(line)
    return parsed


def fail(*, from_cause: bool) -> None:
    cause = ValueError(f"E11000 duplicate key: {ADDRESS}")
    try:
        raise cause
    except ValueError:
        raise RuntimeError(f"could not store {ADDRESS}") from (cause if from_cause else None)


def raised(*, from_cause: bool) -> object:
    try:
        fail(from_cause=from_cause)
    except RuntimeError:
        return sys.exc_info()
    raise AssertionError


def test_a_line_has_time_level_logger_and_message() -> None:
    assert entry(created=1.5) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "INFO",
        "logger": "app.test",
        "message": "message",
    }


def test_arguments_are_put_in_and_fields_are_added() -> None:
    line = entry(msg="%s of %d", args=("one", 2), route="/users/", color_message="x")
    assert line["message"] == "one of 2"
    assert line["route"] == "/users/"
    assert "color_message" not in line


@pytest.mark.parametrize("text", ["a\nb", "\u2028", "\x00", "\ud800", "李"])
def test_any_text_is_one_line(text: str) -> None:
    assert entry(msg=text)["message"] == text


def test_what_json_does_not_know_is_described() -> None:
    assert entry(field={1})["field"] == "{1}"


def test_the_request_is_named() -> None:
    token = request_id.set("request-1")
    try:
        assert entry()["request_id"] == "request-1"
    finally:
        request_id.reset(token)
    assert "request_id" not in entry()


def test_an_error_is_its_types_and_places_and_no_text() -> None:
    line = entry(exc_info=raised(from_cause=True))
    text = str(line["exception"])
    assert text.index("RuntimeError") < text.index("ValueError")
    assert __file__ in text
    assert ADDRESS not in str(line)


def test_a_suppressed_cause_is_left_out() -> None:
    line = entry(exc_info=raised(from_cause=False))
    assert "ValueError" not in str(line["exception"])


def test_errors_that_cause_each_other_have_an_end() -> None:
    one, other = ValueError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one
    line = entry(exc_info=(ValueError, one, None))
    assert str(line["exception"]).splitlines() == ["builtins.ValueError", "builtins.RuntimeError"]


@pytest.mark.parametrize("level", ["DEBUG", "ERROR"])
def test_loggers_of_others_do_not_tell_about_requests(level: str) -> None:
    configure_logging(level)
    assert logging.getLogger().level == getattr(logging, level)
    assert not logging.getLogger("uvicorn.access").hasHandlers()
    # Below warnings PyMongo logs the commands with all their values.
    assert not logging.getLogger("pymongo.command").isEnabledFor(logging.INFO)
    assert logging.getLogger("pymongo").isEnabledFor(logging.WARNING) == (level == "DEBUG")
    assert logging.getLogger("uvicorn.error").level == getattr(logging, level)
