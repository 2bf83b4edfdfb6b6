"""As much of MongoDB's wire protocol as it takes to stand between a client and a server.

OP_MSG carries all commands; OP_QUERY and OP_REPLY carry the first `isMaster` of a connection,
which clients send before they know how old the server is. All integers are little-endian.
"""

import asyncio
import itertools
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

OP_REPLY = 1
OP_QUERY = 2004
OP_MSG = 2013

HEADER = struct.Struct("<iiii")  # length of the message, its id, the id it answers, operation
INT32 = struct.Struct("<i")
FLAGS = struct.Struct("<I")
REPLY_FIELDS = struct.Struct("<iqii")  # flags, cursor, first document, number of documents

CHECKSUM_PRESENT = 1 << 0
MORE_TO_COME = 1 << 1

LONGEST_MESSAGE = 48_000_000

# Documents stay as they are on the wire below the first level, and dates of any year pass.
RAW: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_MS
)

request_ids = itertools.count(1)


class ProtocolError(RuntimeError):
    """The other side sent what this module does not understand."""


@dataclass(frozen=True)
class Message:
    """A message with the place of its command or reply document."""

    raw: bytes
    body_start: int
    body_end: int

    @property
    def request_id(self) -> int:
        """The id that the answer refers to."""
        return int(HEADER.unpack_from(self.raw)[1])

    @property
    def response_to(self) -> int:
        """In an answer, the id of the request."""
        return int(HEADER.unpack_from(self.raw)[2])

    @property
    def operation(self) -> int:
        """The operation code."""
        return int(HEADER.unpack_from(self.raw)[3])

    @property
    def body(self) -> RawBSONDocument:
        """The command or reply, without the document sequences that OP_MSG puts beside it."""
        return RawBSONDocument(self.raw[self.body_start : self.body_end], RAW)

    @property
    def wants_answer(self) -> bool:
        """Whether the sender of a request waits for its answer."""
        if self.operation != OP_MSG:
            return True
        return not FLAGS.unpack_from(self.raw, HEADER.size)[0] & MORE_TO_COME

    def without(self, fields: frozenset[str]) -> "Message":
        """Return the message without these fields of its body; itself if it has none of them."""
        body = self.body
        if fields.isdisjoint(body):
            return self
        rest = bson.encode({name: value for name, value in body.items() if name not in fields})
        raw = self.raw[: self.body_start] + rest + self.raw[self.body_end :]
        raw = INT32.pack(len(raw)) + raw[INT32.size :]
        return Message(raw, self.body_start, self.body_start + len(rest))


def parse(raw: bytes) -> Message:
    """Find the document in a message of one of the three operations."""
    try:
        start = find_body(raw)
        return Message(raw, start, start + int(INT32.unpack_from(raw, start)[0]))
    except (struct.error, ValueError):
        raise ProtocolError("a message that ends too early") from None


def find_body(raw: bytes) -> int:
    """Return where the document of a message begins."""
    operation = HEADER.unpack_from(raw)[3]
    position = HEADER.size
    if operation == OP_REPLY:
        return position + REPLY_FIELDS.size
    position += FLAGS.size
    if operation == OP_QUERY:
        # The collection's name, then how many documents to skip and to return.
        return raw.index(b"\0", position) + 1 + 2 * INT32.size
    if operation != OP_MSG:
        raise ProtocolError(f"operation {operation}")
    if FLAGS.unpack_from(raw, HEADER.size)[0] & CHECKSUM_PRESENT:
        raise ProtocolError("a checksum, which a changed message would not match")
    while raw[position : position + 1] == b"\1":
        position += 1 + int(INT32.unpack_from(raw, position + 1)[0])
    if raw[position : position + 1] != b"\0":
        raise ProtocolError("OP_MSG without a body")
    return position + 1


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Read the next message; none when the other side has closed the connection."""
    try:
        header = await reader.readexactly(HEADER.size)
        length = int(HEADER.unpack(header)[0])
        if not HEADER.size < length <= LONGEST_MESSAGE:
            raise ProtocolError(f"a message of {length} bytes")
        return parse(header + await reader.readexactly(length - HEADER.size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def command_message(command: Mapping[str, Any]) -> Message:
    """Make the OP_MSG of a command."""
    body = FLAGS.pack(0) + b"\0" + bson.encode(command)
    return parse(HEADER.pack(HEADER.size + len(body), next(request_ids), 0, OP_MSG) + body)


def answer_message(request: Message, answer: Mapping[str, Any]) -> bytes:
    """Make the answer to a request, in the operation that belongs to the request's."""
    if request.operation == OP_QUERY:
        operation, body = OP_REPLY, REPLY_FIELDS.pack(0, 0, 0, 1)
    else:
        operation, body = OP_MSG, FLAGS.pack(0) + b"\0"
    body += bson.encode(answer)
    length = HEADER.size + len(body)
    return HEADER.pack(length, next(request_ids), request.request_id, operation) + body
