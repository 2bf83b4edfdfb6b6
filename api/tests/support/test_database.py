"""Which database the tests get, and what they may do with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pymongo import MongoClient

from tests.support import container, ferretdb
from tests.support.database import Database, DatabaseUnavailableError, start_database
from tests.support.processes import accepts_connections
from tests.support.server import Client

API = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Leave nothing on PATH but the scripts that a test puts there."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.delenv("MONGODB_URI", raising=False)

    def write(name: str, script: str) -> Path:
        path = directory / name
        path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def own_server(server: Database) -> Database:
    """Return the database if this test run may kill it."""
    if not server.can_restart:
        pytest.skip("the server of MONGODB_URI is not killed")
    return server


def open_client(uri: str) -> Client:
    """Open a client that gives up soon."""
    return MongoClient(uri, serverSelectionTimeoutMS=5000)


def test_what_was_acknowledged_survives_a_crash(own_server: Database) -> None:
    name, address = own_server.new_database(), own_server.address
    with open_client(own_server.uri) as client:
        for number in range(100):
            client[name]["users"].insert_one({"n": number})

    own_server.kill()
    assert not accepts_connections(address[1])
    own_server.kill()
    own_server.start()

    assert own_server.address == address
    with open_client(own_server.uri) as client:
        assert client[name]["users"].count_documents({}) == 100


def test_database_names_are_used_once(server: Database) -> None:
    names = {server.new_database() for _ in range(5)}

    assert len(names) == 5
    with open_client(server.uri) as client:
        assert names.isdisjoint(client.list_database_names())


def test_the_server_says_what_it_is(server: Database) -> None:
    with open_client(server.uri) as client:
        information = client.admin.command("buildInfo")
        hello = client.admin.command("hello")

    assert ("ferretdbVersion" in information) == server.is_ferretdb == ("FerretDB" in server.name)
    # Retryable writes, which the service has in a cluster, need a replica set.
    assert ("setName" in hello) != server.is_ferretdb


def test_the_server_dies_with_the_test_run(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from tests.support.database import start_database\n"
        "database = start_database(pathlib.Path(sys.argv[1]))\n"
        "print(database.address[1], flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=API,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        port = int(run.stdout.readline())
        assert accepts_connections(port)
        run.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 5
    while accepts_connections(port):
        assert time.monotonic() < deadline, "the server outlived the process that started it"
        time.sleep(0.02)


def test_the_server_of_the_variable_comes_first_and_is_left_clean(
    server: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", server.uri)
    theirs = server.new_database()

    with open_client(server.uri) as client:
        client[theirs]["users"].insert_one({"n": 1})
        with start_database(tmp_path) as database:
            assert database.name.endswith("(MONGODB_URI)")
            assert (database.uri, database.address) == (server.uri, server.address)
            assert database.is_ferretdb == server.is_ferretdb
            assert not database.can_restart
            ours = database.new_database()
            client[ours]["users"].insert_one({"n": 1})

        names = client.list_database_names()
    assert theirs in names
    assert ours not in names
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://somebody:s3cret@127.0.0.1:1/?serverSelectionTimeoutMS=100",
        "mongodb://somebody:s3cret@127.0.0.1:port/",
        "s3cret",
    ],
)
def test_a_variable_that_leads_nowhere_is_one_line_without_secrets(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", uri)
    monkeypatch.setattr("tests.support.external.ANSWER_SECONDS", 0.2)

    with pytest.raises(DatabaseUnavailableError, match="MONGODB_URI") as raised:
        start_database(tmp_path)

    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_mongod_that_does_not_start_is_not_passed_over(
    program: Callable[[str, str], Path], tmp_path: Path
) -> None:
    mongod = program("mongod", 'echo "starting $*"; echo "no space left"; exit 1')
    program("go", "exit 1")

    with pytest.raises(DatabaseUnavailableError) as raised:
        start_database(tmp_path)

    assert str(raised.value) == f"{mongod} ended at once: no space left"
    started = (tmp_path / "mongod.log").read_text(encoding="utf-8")
    assert f"--dbpath {tmp_path}/mongod" in started
    assert "--bind_ip 127.0.0.1 --replSet rs0" in started


def test_without_any_server_one_line_says_what_to_install(
    program: Callable[[str, str], Path], tmp_path: Path
) -> None:
    program("docker", 'echo "cannot connect to the daemon" >&2; exit 1')

    with pytest.raises(DatabaseUnavailableError) as raised:
        start_database(tmp_path)

    assert str(raised.value) == (
        "no database for the tests: set MONGODB_URI, or install mongod, or Docker or Podman, "
        "or Go 1.24 or newer (docker info: cannot connect to the daemon)"
    )


def test_a_container_engine_that_hangs_is_given_up(
    program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program("podman", "exec sleep 60")
    monkeypatch.setattr(container, "PROBE_SECONDS", 0.3)

    started = time.monotonic()
    usable, problems = container.usable_engines()

    assert (usable, problems) == ([], ["podman info: no answer within 0.3 s"])
    assert time.monotonic() - started < 5


def test_an_image_that_cannot_be_pulled_is_given_up(
    program: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(
        "docker",
        f'echo "$*" >> {tmp_path}/calls\n'
        'case $1 in info) ;; pull) exec sleep 60 ;; *) echo "no such image" >&2; exit 1 ;; esac',
    )
    monkeypatch.setattr(container, "PULL_SECONDS", 0.3)

    with pytest.raises(DatabaseUnavailableError, match=r"docker pull: no answer within 0\.3 s"):
        start_database(tmp_path)

    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == ["info", f"image inspect {container.IMAGE}", f"pull --quiet {container.IMAGE}"]


def test_a_container_that_ends_at_once_is_removed(
    program: Callable[[str, str], Path], tmp_path: Path
) -> None:
    program(
        "docker",
        f'echo "$*" >> {tmp_path}/calls\ncase $1 in inspect) echo false ;; esac',
    )

    with pytest.raises(DatabaseUnavailableError, match="docker start: the server ended at once"):
        start_database(tmp_path)

    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    name = calls[2].split()[2]
    assert calls[2].startswith("create --name users-service-tests-")
    assert calls[3] == f"start {name}"
    assert calls[-1] == f"rm --force --volumes {name}"


COMPILER = """\
case $1 in
version) echo go version go1.24 ;;
build)
  echo build >> {log}
  sleep 0.3
  while [ "$1" != -o ]; do shift; done
  echo built > "$2" ;;
esac"""


def test_the_server_is_built_once(program: Callable[[str, str], Path], tmp_path: Path) -> None:
    log, cache = tmp_path / "log", tmp_path / "cache"
    go = program("go", COMPILER.format(log=log))
    script = (
        "import pathlib, sys\n"
        "from tests.support.ferretdb import build\n"
        "print(build(sys.argv[1], pathlib.Path(sys.argv[2])))\n"
    )

    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(go), str(cache)],
            cwd=API,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    executables = {run.communicate(timeout=30)[0].strip() for run in runs}

    assert executables == {str(ferretdb.build(str(go), cache))}
    assert log.read_text(encoding="utf-8") == "build\n"
    assert Path(executables.pop()).read_text(encoding="utf-8") == "built\n"
    assert [path.name for path in cache.iterdir() if path.name.startswith("building-")] == []


def test_another_compiler_builds_anew(program: Callable[[str, str], Path], tmp_path: Path) -> None:
    old = COMPILER.format(log=tmp_path / "log")

    first = ferretdb.build(str(program("go", old)), tmp_path)
    second = ferretdb.build(str(program("go", old.replace("go1.24", "go1.25"))), tmp_path)

    assert first != second


def test_a_failed_build_is_one_line(program: Callable[[str, str], Path], tmp_path: Path) -> None:
    go = program("go", '[ "$1" = version ] || { echo first; echo "no such module"; exit 1; } >&2')

    with pytest.raises(DatabaseUnavailableError, match=r"failed \(no such module\)") as raised:
        ferretdb.build(str(go), tmp_path / "cache")

    assert "\n" not in str(raised.value)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["ferretdb.lock"]
