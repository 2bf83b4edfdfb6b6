"""The HTTP client of base/http-client, in every POSIX shell that is installed.

What the API answers is scripted where a real one would have to be broken for it; that its body is
what the real one takes is shown against the real one.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.server_process import ServerProcess
from tests.support.database import Database

SCRIPT = Path(__file__).parents[2] / "base" / "http-client" / "generate_user.sh"
# One of each kind: `sh` is often one of the others.
SHELLS = list(
    {
        Path(program).resolve(): shell
        for shell in (["bash", "--posix"], ["busybox", "ash"], ["dash"], ["sh"])
        if (program := shutil.which(shell[0]))
    }.values()
)
SUMMARY = re.compile(r"sent (\d+), accepted (\d+), rejected (\d+), \d+ ms")

# The connection is closed without an answer.
NO_ANSWER = 0


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> list[str]:
    parameter: list[str] = request.param
    return parameter


def run(shell: list[str], url: str, **settings: str) -> subprocess.CompletedProcess[str]:
    assert shutil.which("curl"), "the client needs curl: install it"
    environment = {"PATH": os.environ["PATH"], "API_URL": url, "WAIT_SECONDS": "5", **settings}
    return subprocess.run(
        [*shell, str(SCRIPT)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def summary(output: str) -> tuple[int, int, int]:
    match = SUMMARY.fullmatch(output.splitlines()[-1])
    assert match, output
    sent, accepted, rejected = match.groups()
    return int(sent), int(accepted), int(rejected)


@contextmanager
def scripted(ready: int, *statuses: int) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers /readyz with `ready` and each POST with the next status, the last
    one for ever. Yields its URL and the bodies that arrived."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.answer(ready)

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status = statuses[min(len(bodies), len(statuses)) - 1]
            if status == NO_ANSWER:
                self.close_connection = True
            else:
                self.answer(status)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_real_api_accepts_every_user(
    shell: list[str], tmp_path: Path, database_server: Database
) -> None:
    settings = {
        "MONGODB_URI": database_server.uri,
        "MONGODB_DATABASE": database_server.new_database(),
    }
    with ServerProcess(tmp_path, settings) as server:
        # The script waits until the API is ready.
        done = run(shell, server.url, COUNT="7", WAIT_SECONDS="30")
        assert (done.returncode, summary(done.stdout)) == (0, (7, 7, 0)), done.stderr
        users = server.client.get("/users/").json()["items"]
    created = [line for line in done.stdout.splitlines() if " created " in line]
    assert len(created) == len(users) == 7
    assert all(user["email"] in line for user, line in zip(users, created, strict=True))


def test_each_user_has_another_address(shell: list[str]) -> None:
    with scripted(200, 201) as (url, bodies):
        done = run(shell, f"{url}/", COUNT="20")
    assert (done.returncode, summary(done.stdout)) == (0, (20, 20, 0)), done.stderr
    assert len(set(bodies)) == 20


def test_an_unavailable_api_is_tried_again(shell: list[str]) -> None:
    with scripted(200, 503, NO_ANSWER, 201) as (url, bodies):
        done = run(shell, url, COUNT="1")
    assert (done.returncode, summary(done.stdout)) == (0, (1, 1, 0)), done.stderr
    assert "status 503, again in 1 s" in done.stderr
    assert "status 000, again in 2 s" in done.stderr
    assert len(bodies) == 3
    assert len(set(bodies)) == 1


def test_attempts_are_limited(shell: list[str]) -> None:
    with scripted(200, 503) as (url, bodies):
        done = run(shell, url, COUNT="1", ATTEMPTS="2")
    assert (done.returncode, summary(done.stdout)) == (1, (1, 0, 1))
    assert len(bodies) == 2


def test_a_lost_answer_is_no_rejection(shell: list[str]) -> None:
    with scripted(200, NO_ANSWER, 409) as (url, _):
        done = run(shell, url, COUNT="1")
    assert (done.returncode, summary(done.stdout)) == (0, (1, 1, 0)), done.stderr


def test_an_invalid_user_is_not_tried_again(shell: list[str]) -> None:
    with scripted(200, 422, 201) as (url, bodies):
        done = run(shell, url, COUNT="2")
    assert (done.returncode, summary(done.stdout)) == (1, (2, 1, 1))
    assert "rejected" in done.stderr
    assert len(bodies) == 2


def test_only_a_created_user_counts(shell: list[str]) -> None:
    # What a page of a proxy in between would be answered with.
    with scripted(200, 200) as (url, bodies):
        done = run(shell, url, COUNT="2")
    assert (done.returncode, summary(done.stdout)) == (1, (2, 0, 2))
    assert len(bodies) == 2


@pytest.mark.parametrize(
    "url", ["-x", "localhost:1", "file:///etc/hosts", "http://", "http://[::1", "http://{a,b}"]
)
def test_a_wrong_url_is_refused_at_once(shell: list[str], url: str) -> None:
    done = run(shell, url, WAIT_SECONDS="60")
    assert done.returncode == 2
    assert "API_URL" in done.stderr


def test_a_login_in_the_url_is_used_and_not_shown(shell: list[str]) -> None:
    with scripted(200, 201) as (url, _):
        done = run(shell, f"{url.replace('//', '//user:secret@')}///", COUNT="1")
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_without_random_numbers_nothing_is_sent(shell: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "od"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with scripted(200, 201) as (url, bodies):
        done = run(shell, url, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, bodies) == (2, [])
    assert "random" in done.stderr


def test_an_api_that_is_never_ready_is_told(shell: list[str]) -> None:
    with scripted(503, 201) as (url, bodies):
        done = run(shell, url, WAIT_SECONDS="1")
    assert done.returncode == 3
    assert f"{url} was not ready after 1 s: status 503" in done.stderr
    assert bodies == []


@pytest.mark.parametrize("count", ["0", "-1", "ten", "", "010", "1; echo x"])
def test_a_wrong_count_is_refused(shell: list[str], count: str) -> None:
    done = run(shell, "http://127.0.0.1:1", COUNT=count, WAIT_SECONDS="1")
    if count == "":
        # Empty is unset: the default, and then there is nobody who answers.
        assert done.returncode == 3
        return
    assert done.returncode == 2
    assert "COUNT must be a positive integer" in done.stderr
