"""Bodies that are too large, that come too slowly, and that end too early."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.body_limit import BodyLimit
from tests.server_process import ServerProcess
from tests.support.database import Database

LIMIT = 1024
TIMEOUT_SECONDS = 1.0


def body_of(size: int) -> bytes:
    """A good body of that many bytes."""
    body = json.dumps({"name": "Ada", "email": "ada@example.com"}).encode()
    return body + b" " * (size - len(body))


@pytest.fixture(scope="module")
def server(
    database_server: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    settings = {
        "MONGODB_URI": database_server.uri,
        "MONGODB_DATABASE": database_server.new_database(),
        "MAX_BODY_BYTES": str(LIMIT),
        "BODY_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    }
    directory: Path = tmp_path_factory.mktemp("server")
    with ServerProcess(directory, settings) as server:
        server.wait_until("/readyz", 200)
        yield server


async def exchange(server: ServerProcess, head: str, chunks: list[bytes]) -> tuple[bytes, int]:
    """The first line of the answer, and how many chunks were sent before it came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"POST /users/ HTTP/1.1\r\nHost: users\r\n{head}\r\n\r\n".encode())
    answer = asyncio.create_task(reader.readline())
    sent = 0
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
        sent += 1
        done, _ = await asyncio.wait({answer}, timeout=0.05)
        if done:
            break
    line = await asyncio.wait_for(answer, 5)
    writer.close()
    return line, sent


JSON = "Content-Type: application/json\r\n"


async def test_a_declared_length_is_refused_before_the_body_comes(server: ServerProcess) -> None:
    line, sent = await exchange(server, f"{JSON}Content-Length: {LIMIT + 1}", [])
    assert line.startswith(b"HTTP/1.1 413 ")
    assert sent == 0


async def test_a_body_in_chunks_is_refused_where_it_grows_too_large(server: ServerProcess) -> None:
    chunk = b"100\r\n" + b" " * 256 + b"\r\n"
    line, sent = await exchange(server, f"{JSON}Transfer-Encoding: chunked", [chunk] * 50)
    assert line.startswith(b"HTTP/1.1 413 ")
    assert sent < 20


async def test_the_largest_body_is_taken(server: ServerProcess) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        body = body_of(LIMIT)
        yield body[:100]
        yield body[100:]

    async with httpx.AsyncClient(base_url=server.url) as client:
        headers = {"Content-Type": "application/json"}
        response = await client.post("/users/", content=body_of(LIMIT), headers=headers)
        assert response.status_code == 201
        # It is taken and refused for another reason.
        response = await client.post("/users/", content=chunks(), headers=headers)
        assert response.status_code == 409


async def test_one_byte_more_is_a_problem(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        response = await client.post("/users/", content=body_of(LIMIT + 1))
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["connection"] == "close"
        assert response.json()["title"] == "Content Too Large"
        assert "x-request-id" in response.headers


async def begin(server: ServerProcess) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request of which the head and the beginning of the body are sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        f"POST /users/ HTTP/1.1\r\nHost: users\r\n{JSON}Content-Length: 100\r\n\r\n{{".encode()
    )
    await writer.drain()
    return reader, writer


async def test_a_body_that_does_not_come_in_time_is_a_problem(server: ServerProcess) -> None:
    started_at = time.monotonic()
    reader, writer = await begin(server)

    async def drip() -> None:
        # What comes is no reason to wait for longer.
        for _ in range(50):
            await asyncio.sleep(0.05)
            writer.write(b" ")

    dripping = asyncio.create_task(drip())
    # Up to the end, as the server closes the connection.
    answer = await asyncio.wait_for(reader.read(), TIMEOUT_SECONDS + 3)
    assert time.monotonic() - started_at >= TIMEOUT_SECONDS
    dripping.cancel()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head.lower()
    assert b"content-type: application/problem+json" in head.lower()
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Request Timeout",
        "status": 408,
        "detail": "The body must be there 1 seconds after the head.",
    }
    writer.close()


async def test_a_client_that_leaves_in_its_body_has_no_status(server: ServerProcess) -> None:
    def count(status: str) -> float:
        figures = server.client.get("/metrics").text
        start = f'http_requests_total{{method="POST",route="/users/",status="{status}"}}'
        values = [line.split()[-1] for line in figures.splitlines() if line.startswith(start)]
        return float(values[0]) if values else 0.0

    before, invalid = count("none"), count("422")
    _, writer = await begin(server)
    await asyncio.sleep(0.2)
    writer.close()
    async with asyncio.timeout(TIMEOUT_SECONDS * 0.8):
        while count("none") == before:  # noqa: ASYNC110 (a process of its own)
            await asyncio.sleep(0.02)
    assert count("422") == invalid
    (line, *_) = [line for line in reversed(server.log) if line["message"] == "request"]
    assert (line["route"], line["status"]) == ("/users/", None)
    assert not [line for line in server.log if line["level"] == "ERROR"]


async def call(limit: BodyLimit, length: str | None, chunks: list[bytes]) -> list[Message]:
    """What is sent for a request with these chunks."""
    headers = [] if length is None else [(b"content-length", length.encode())]
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    sent: list[Message] = []
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.sleep(0.1)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await limit(scope, receive, send)
    return sent


async def read_all(_: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def answer_first(_: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await receive()


async def answer_anything(_: Scope, receive: Receive, send: Send) -> None:
    try:
        await receive()
    except Exception:  # noqa: BLE001 (what frameworks do)
        await send({"type": "http.response.start", "status": 400, "headers": []})


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("10", 200),
        ("010", 200),
        ("11", 413),
        ("9" * 5000, 413),
        ("0" * 5000, 200),
        ("-1", 200),
        ("x", 200),
        ("", 200),
        ("²", 200),
    ],
)
async def test_lengths(length: str, status: int) -> None:
    sent = await call(BodyLimit(read_all, max_bytes=10, timeout_seconds=5), length, [b""])
    assert sent[0]["status"] == status


async def test_a_length_that_lies_does_not_help() -> None:
    sent = await call(
        BodyLimit(read_all, max_bytes=10, timeout_seconds=5), "5", [b"x" * 8, b"x" * 8]
    )
    assert sent[0]["status"] == 413


async def test_an_answer_of_the_application_to_the_error_is_not_sent() -> None:
    sent = await call(
        BodyLimit(answer_anything, max_bytes=10, timeout_seconds=5), None, [b"x" * 11]
    )
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("app", [read_all, answer_anything])
async def test_an_answer_of_the_application_to_a_slow_body_is_not_sent(app: ASGIApp) -> None:
    # What is sent next comes after 0.1 seconds.
    sent = await call(BodyLimit(app, max_bytes=10, timeout_seconds=0.05), None, [])
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("app", [read_all, answer_anything])
async def test_what_a_client_that_left_would_be_answered_is_not_sent(app: ASGIApp) -> None:
    assert await call(BodyLimit(app, max_bytes=10, timeout_seconds=5), None, []) == []


async def test_the_end_of_the_connection_may_be_waited_for() -> None:
    seen: list[str] = []

    async def wait_for_the_end(_: Scope, receive: Receive, send: Send) -> None:
        while not seen or seen[-1] != "http.disconnect":
            seen.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    # In the time of a body that is complete nothing more is counted.
    sent = await call(BodyLimit(wait_for_the_end, max_bytes=10, timeout_seconds=0.05), None, [b""])
    assert seen == ["http.request", "http.disconnect"]
    assert sent[0]["status"] == 200


async def test_an_answer_that_has_begun_stays() -> None:
    sent = await call(BodyLimit(answer_first, max_bytes=10, timeout_seconds=5), None, [b"x" * 11])
    assert [message["status"] for message in sent] == [200]


async def test_other_protocols_pass() -> None:
    seen = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: object) -> Message:
        return {}

    await BodyLimit(app, max_bytes=10, timeout_seconds=5)({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
