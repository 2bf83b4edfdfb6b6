"""Messages of the wire protocol, taken apart and put together."""

import asyncio
import datetime

import bson
import pytest

from tests.support.wire import (
    FLAGS,
    HEADER,
    INT32,
    OP_MSG,
    OP_QUERY,
    OP_REPLY,
    Message,
    ProtocolError,
    answer_message,
    command_message,
    parse,
    read_message,
)


def frame(operation: int, payload: bytes, request_id: int = 7) -> bytes:
    """Put a header before the payload of a message."""
    return HEADER.pack(HEADER.size + len(payload), request_id, 0, operation) + payload


def insert(sequence_first: bool) -> bytes:
    """Make an insert whose documents are beside its body, as clients send it."""
    command = {"insert": "users", "txnNumber": bson.Int64(1), "ordered": True, "$db": "users"}
    body = b"\0" + bson.encode(command)
    content = b"documents\0" + bson.encode({"n": 1}) + bson.encode({"n": 2})
    sequence = b"\1" + INT32.pack(INT32.size + len(content)) + content
    sections = sequence + body if sequence_first else body + sequence
    return frame(OP_MSG, FLAGS.pack(0) + sections)


@pytest.mark.parametrize("sequence_first", [False, True])
def test_fields_are_taken_out_and_nothing_else_changes(sequence_first: bool) -> None:
    message = parse(insert(sequence_first))

    shorter = message.without(frozenset({"txnNumber"}))

    assert list(message.body) == ["insert", "txnNumber", "ordered", "$db"]
    assert list(shorter.body) == ["insert", "ordered", "$db"]
    assert parse(shorter.raw).body == shorter.body
    assert INT32.unpack_from(shorter.raw)[0] == len(shorter.raw)
    assert shorter.request_id == message.request_id == 7
    assert message.raw[: message.body_start][4:] == shorter.raw[: shorter.body_start][4:]
    assert message.raw[message.body_end :] == shorter.raw[shorter.body_end :]


def test_a_message_without_the_fields_stays_as_it_is() -> None:
    message = parse(insert(sequence_first=False))

    assert message.without(frozenset({"autocommit"})) is message


def test_dates_that_python_cannot_hold_pass() -> None:
    far_off = bson.DatetimeMS(10**15)
    message = command_message({"find": "users", "before": far_off, "txnNumber": 1})

    shorter = message.without(frozenset({"txnNumber"}))

    assert shorter.body["before"] == far_off
    with pytest.raises(bson.errors.InvalidBSON):
        bson.decode(shorter.body.raw)


def test_a_first_hello_is_answered_in_its_own_operation() -> None:
    query = FLAGS.pack(0) + b"admin.$cmd\0" + INT32.pack(0) + INT32.pack(-1)
    request = parse(frame(OP_QUERY, query + bson.encode({"isMaster": 1, "helloOk": True})))

    answer = parse(answer_message(request, {"ok": 1.0}))

    assert next(iter(request.body)) == "isMaster"
    assert request.wants_answer
    assert (answer.operation, answer.response_to) == (OP_REPLY, request.request_id)
    assert answer.body["ok"] == 1.0


def test_a_command_is_answered_in_its_own_operation() -> None:
    request = command_message({"ping": 1, "$db": "admin"})

    answer = parse(answer_message(request, {"ok": 1.0, "at": datetime.datetime.now(datetime.UTC)}))

    assert (answer.operation, answer.response_to) == (OP_MSG, request.request_id)
    assert list(answer.body) == ["ok", "at"]


def test_requests_can_want_no_answer() -> None:
    body = b"\0" + bson.encode({"insert": "users"})

    assert parse(frame(OP_MSG, FLAGS.pack(0) + body)).wants_answer
    assert not parse(frame(OP_MSG, FLAGS.pack(2) + body)).wants_answer


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (frame(2012, b""), "operation 2012"),
        (frame(OP_MSG, b""), "ends too early"),
        (frame(OP_MSG, FLAGS.pack(0)), "without a body"),
        (frame(OP_MSG, FLAGS.pack(0) + b"\0"), "ends too early"),
        (frame(OP_MSG, FLAGS.pack(0) + b"\1"), "ends too early"),
        (frame(OP_MSG, FLAGS.pack(1) + b"\0" + bson.encode({})), "checksum"),
        (frame(OP_QUERY, FLAGS.pack(0) + b"admin"), "ends too early"),
    ],
)
def test_what_is_not_understood_is_refused(raw: bytes, complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint):
        parse(raw)


def read_all(stream: bytes) -> list[Message]:
    """Read messages until the stream ends."""

    async def read() -> list[Message]:
        reader = asyncio.StreamReader()
        reader.feed_data(stream)
        reader.feed_eof()
        messages = []
        while message := await read_message(reader):
            messages.append(message)
        return messages

    return asyncio.run(read())


def test_messages_are_read_one_by_one_until_the_stream_ends() -> None:
    first, second = (command_message({"ping": number}).raw for number in (1, 2))

    assert [message.raw for message in read_all(first + second)] == [first, second]
    assert [message.raw for message in read_all(first + second[:-1])] == [first]
    assert read_all(b"") == []


@pytest.mark.parametrize("length", [0, 16, 2**31 - 1, -1])
def test_impossible_lengths_are_refused(length: int) -> None:
    with pytest.raises(ProtocolError, match=f"a message of {length} bytes"):
        read_all(HEADER.pack(length, 1, 0, OP_MSG))
