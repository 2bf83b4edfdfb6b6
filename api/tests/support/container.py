"""MongoDB in a container, where an engine can really run one."""

import secrets
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from pymongo.errors import ConnectionFailure

from tests.support import replica_set
from tests.support.processes import (
    accepts_connections,
    announce,
    free_port,
    pull_lifeline,
    start_lifeline,
)
from tests.support.server import (
    Database,
    DatabaseUnavailableError,
    connect,
    product,
    wait_until_writable,
)

ENGINES = ("docker", "podman")
# The image that the manifests deploy.
IMAGE = "docker.io/library/mongo:8.0.28"

# A client without a daemon answers at once or hangs; both must not hold up the tests.
PROBE_SECONDS = 5
PULL_SECONDS = 120
COMMAND_SECONDS = 30
START_SECONDS = 60


class EngineError(DatabaseUnavailableError):
    """A container engine did not do as told; the text is one line."""


def engine_command(engine: str, *arguments: str, timeout: float = COMMAND_SECONDS) -> str:
    """Run a command of the container engine within bounded time and return what it printed."""
    what = f"{engine} {arguments[0]}"
    try:
        done = subprocess.run(
            [engine, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"{what}: no answer within {timeout:g} s") from None
    except OSError as error:
        raise EngineError(f"{what}: {error.strerror}") from None
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").split("\n")
        reason = next((line.strip() for line in lines if line.strip()), "no reason given")
        raise EngineError(f"{what}: {reason}")
    return done.stdout.decode(errors="replace").strip()


def usable_engines() -> tuple[list[str], list[str]]:
    """Return the engines that answer, and one line for each that is installed but does not."""
    usable, problems = [], []
    for engine in ENGINES:
        if shutil.which(engine) is None:
            continue
        try:
            engine_command(engine, "info", timeout=PROBE_SECONDS)
        except EngineError as error:
            problems.append(str(error))
        else:
            usable.append(engine)
    return usable, problems


def provide_image(engine: str) -> None:
    """Pull the image unless the engine has it."""
    try:
        engine_command(engine, "image", "inspect", IMAGE)
    except EngineError:
        announce(f"pulling {IMAGE}, for {PULL_SECONDS} s at most")
        engine_command(engine, "pull", "--quiet", IMAGE, timeout=PULL_SECONDS)


class Container(Database):
    """A container of the test run's own; its data is in a volume that goes with it."""

    def __init__(self, engine: str, directory: Path) -> None:
        super().__init__()
        provide_image(engine)
        self._engine = engine
        self._port = free_port()
        self._container = f"users-service-tests-{secrets.token_hex(4)}"
        # The lifeline comes first: what it removes need not exist yet, and never stays behind.
        self._lifeline = start_lifeline(
            "then",
            [engine, "rm", "--force", "--volumes", self._container],
            log=directory / "container-removal.log",
        )
        try:
            engine_command(
                engine,
                "create",
                *("--name", self._container),
                *("--publish", f"127.0.0.1:{self._port}:{self._port}"),
                IMAGE,
                # The member's address in the set's configuration has to hold on both sides.
                *("--port", str(self._port), "--bind_ip_all"),
                *replica_set.MONGOD_ARGUMENTS,
            )
            self.start()
            with connect(self.uri, direct=False, timeout=10) as client:
                self._product, self.is_ferretdb = product(client)
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        return f"{self._product} ({self._engine} container)"

    @property
    def uri(self) -> str:
        return replica_set.uri(self._port)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def start(self) -> None:
        engine_command(self._engine, "start", self._container)
        self._initiate()
        wait_until_writable(self._port, START_SECONDS)

    def _initiate(self) -> None:
        # The engine listens on the published port before the server in the container does, so
        # the first attempts may break off.
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if accepts_connections(self._port):
                with suppress(ConnectionFailure):
                    replica_set.initiate(self._port)
                    return
            if not self._is_running():
                raise EngineError(f"{self._engine} start: the server ended at once")
            time.sleep(0.1)
        raise EngineError(f"{self._engine} start: no server within {START_SECONDS} s")

    def _is_running(self) -> bool:
        state = engine_command(
            self._engine, "inspect", "--format", "{{.State.Running}}", self._container
        )
        return state == "true"

    def kill(self) -> None:
        if self._is_running():
            engine_command(self._engine, "kill", "--signal", "KILL", self._container)
            engine_command(self._engine, "wait", self._container)

    def close(self) -> None:
        pull_lifeline(self._lifeline, timeout=COMMAND_SECONDS)
