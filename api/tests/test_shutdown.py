"""The end of the process: not ready, still serving, drained, status 0."""

import json
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.server_process import PROJECT, ServerProcess
from tests.support.database import Database

DELAY = 1.0


@pytest.fixture
def settings_of_process(database_server: Database) -> dict[str, str]:
    return {
        "MONGODB_URI": database_server.uri,
        "MONGODB_DATABASE": database_server.new_database(),
        "SHUTDOWN_DELAY_SECONDS": str(DELAY),
    }


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_sigterm_serves_on_until_the_delay_is_over_and_ends_with_0(
    tmp_path: Path, settings_of_process: dict[str, str], loop: str
) -> None:
    with ServerProcess(tmp_path, settings_of_process, ["--loop", loop]) as server:
        server.wait_until("/readyz", 200)
        server.send(signal.SIGTERM)
        signalled_at = time.monotonic()
        server.wait_until("/readyz", 503, seconds=0.5)
        # Once more changes nothing.
        server.send(signal.SIGTERM)
        served = 0
        while time.monotonic() < signalled_at + DELAY * 0.8:
            response = server.client.get("/users/")
            assert response.status_code == 200
            # Clients that keep connections open are sent to other replicas.
            assert response.headers["connection"] == "close"
            served += 1
        assert served >= 3
        assert server.wait() == 0
        assert DELAY <= time.monotonic() - signalled_at < DELAY + 2
        messages = [line["message"] for line in server.log]
        assert messages.index("shutting down") < messages.index("Application shutdown complete.")
        assert server.errors == ""


def test_a_request_that_has_begun_is_finished(
    tmp_path: Path, settings_of_process: dict[str, str]
) -> None:
    body = b'{"name": "Ada", "email": "ada@example.com"}'
    settings = {**settings_of_process, "SHUTDOWN_DELAY_SECONDS": "0"}
    with ServerProcess(tmp_path, settings) as server:
        server.wait_until("/readyz", 200)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            head = (
                "POST /users/ HTTP/1.1\r\nHost: users\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body[:10])
            time.sleep(0.2)
            server.send(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(body[10:])
            connection.settimeout(5)
            assert connection.recv(4096).startswith(b"HTTP/1.1 201 ")
        assert server.wait() == 0


def test_clients_that_stop_in_their_bodies_are_no_reason_to_wait(
    tmp_path: Path, settings_of_process: dict[str, str]
) -> None:
    settings = {
        **settings_of_process,
        "SHUTDOWN_DELAY_SECONDS": "0",
        "BODY_TIMEOUT_SECONDS": "2",
    }
    head = b"POST /users/ HTTP/1.1\r\nHost: users\r\nContent-Length: 60000\r\n\r\n"
    with ServerProcess(tmp_path, settings, command_of_image()) as server, ExitStack() as stack:
        server.wait_until("/readyz", 200)
        connections = []
        for _ in range(50):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            connections.append(stack.enter_context(connection))
            connection.sendall(head + b"x" * 59_000)
        time.sleep(0.5)
        server.send(signal.SIGTERM)
        signalled_at = time.monotonic()
        assert server.wait() == 0
        assert time.monotonic() - signalled_at < 4
        for connection in connections:
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert not [line for line in server.log if line["level"] == "ERROR"]
        assert server.errors == ""


def test_the_image_closes_connections_above_its_limit(
    tmp_path: Path, settings_of_process: dict[str, str]
) -> None:
    arguments = command_of_image()
    place = arguments.index("--limit-concurrency") + 1
    assert arguments[place] == "1000"
    arguments[place] = "20"
    head = b"POST /users/ HTTP/1.1\r\nHost: users\r\nContent-Length: 60000\r\n\r\n"
    with ServerProcess(tmp_path, settings_of_process, arguments) as server, ExitStack() as stack:
        server.wait_until("/readyz", 200)
        server.client.close()
        # One less than the limit.
        for _ in range(19):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            stack.enter_context(connection)
            connection.sendall(head)
        time.sleep(0.2)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/healthz")
        stack.close()
        time.sleep(0.2)
        assert httpx.get(f"{server.url}/healthz").status_code == 200


def command_of_image() -> list[str]:
    """The arguments that the image gives to uvicorn, but for the address."""
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    (command,) = [line.removeprefix("CMD ") for line in lines if line.startswith("CMD ")]
    arguments: list[str] = json.loads(command)
    place = arguments.index("--port")
    assert arguments[:place] == ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
    return arguments[place + 2 :]


def test_sigint_ends_at_once(tmp_path: Path, settings_of_process: dict[str, str]) -> None:
    settings = {**settings_of_process, "SHUTDOWN_DELAY_SECONDS": "60"}
    with ServerProcess(tmp_path, settings) as server:
        server.wait_until("/readyz", 200)
        server.client.close()
        server.send(signal.SIGINT)
        assert server.wait(2) == 0


def test_workers_serve_count_and_end_together(
    tmp_path: Path, settings_of_process: dict[str, str]
) -> None:
    settings = {**settings_of_process, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    arguments = ["--workers", "2", "--log-config", str(PROJECT / "app/core/logging.json")]
    with ServerProcess(tmp_path, settings, arguments) as server:
        server.wait_until("/readyz", 200)
        for _ in range(40):
            # A connection of its own, so that both workers get some.
            assert httpx.get(f"{server.url}/users/").status_code == 200
        figures = httpx.get(f"{server.url}/metrics").text
        assert 'http_requests_total{method="GET",route="/users/",status="200"} 40.0' in figures
        # The one who asks is the only one.
        assert "\nhttp_requests_in_progress 1.0\n" in figures
        server.send(signal.SIGTERM)
        signalled_at = time.monotonic()
        served = 0
        while time.monotonic() < signalled_at + DELAY * 0.8:
            assert httpx.get(f"{server.url}/users/").status_code == 200
            served += 1
        assert served >= 3
        assert server.wait() == 0
        processes = [line for line in server.log if line["message"].startswith("Finished server")]
        assert len(processes) == 2
        assert server.errors == ""
        assert not list((tmp_path / "metrics").glob("gauge_live*"))
