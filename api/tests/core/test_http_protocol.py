"""Connections above the limit, and clients that send no head."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from app.core import http_protocol
from app.core.http_protocol import GuardedHttpProtocol

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]

REQUEST = b"GET / HTTP/1.1\r\nHost: users\r\n\r\n"


async def answer(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def listening(limit: int | None) -> AsyncIterator[Connect]:
    config = uvicorn.Config(answer, limit_concurrency=limit, log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: GuardedHttpProtocol(config, state, {}), "127.0.0.1", 0
    )
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        streams = await asyncio.open_connection(*server.sockets[0].getsockname())
        writers.append(streams[1])
        return streams

    async with server:
        yield connect
        for writer in writers:
            writer.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The first line of the answer; nothing if the connection is closed."""
    writer.write(REQUEST)
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    return head.partition(b"\r\n")[0]


async def test_those_below_the_limit_are_served_and_no_more_are_let_in() -> None:
    before = REGISTRY.get_sample_value("http_connections_refused_total")
    async with listening(limit=4) as connect:
        first = [await connect() for _ in range(3)]
        for streams in first:
            assert await ask(*streams) == b"HTTP/1.1 204 No Content"
        assert await ask(*await connect()) == b""
        for streams in first:
            assert await ask(*streams) == b"HTTP/1.1 204 No Content"
        first[0][1].close()
        await asyncio.sleep(0.1)
        assert await ask(*await connect()) == b"HTTP/1.1 204 No Content"
    after = REGISTRY.get_sample_value("http_connections_refused_total")
    assert before is not None
    assert after == before + 1


async def test_without_a_limit_there_is_none() -> None:
    async with listening(limit=None) as connect:
        for _ in range(20):
            assert await ask(*await connect()) == b"HTTP/1.1 204 No Content"


@pytest.mark.parametrize("sent", [b"", REQUEST[:10], REQUEST + REQUEST[:10]])
async def test_a_head_that_does_not_come_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "_HEAD_SECONDS", 0.3)
    async with listening(limit=None) as connect:
        reader, writer = await connect()
        writer.write(sent)
        received = await asyncio.wait_for(reader.read(), 2)
        assert received.count(b"HTTP/1.1 204 ") == sent.count(REQUEST)


async def test_a_connection_that_is_used_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "_HEAD_SECONDS", 0.3)
    async with listening(limit=None) as connect:
        streams = await connect()
        for _ in range(4):
            assert await ask(*streams) == b"HTTP/1.1 204 No Content"
            await asyncio.sleep(0.2)
