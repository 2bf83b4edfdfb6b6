"""FerretDB, built from the Go program next door, where there is no server of MongoDB's."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.local import LocalDatabase
from tests.support.processes import announce
from tests.support.server import DatabaseUnavailableError

SOURCES = Path(__file__).resolve().parents[1] / "ferretdb"
# Below Cargo's target directory, so that `cargo clean` and the ignore file know it.
CACHE = Path(__file__).resolve().parents[3] / "target" / "api-tests"

BUILD_SECONDS = 900


def version() -> str:
    """Return the version of FerretDB that the Go program requires."""
    required = re.search(
        r"github\.com/FerretDB/FerretDB v(\S+)", (SOURCES / "go.mod").read_text(encoding="utf-8")
    )
    if required is None:
        raise RuntimeError(f"{SOURCES / 'go.mod'} does not require FerretDB")
    return required[1]


def go_version(go: str) -> str:
    """Return the line by which the Go toolchain introduces itself."""
    try:
        return subprocess.run(
            [go, "version"],
            cwd=SOURCES,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseUnavailableError(
            f"`go version` fails ({type(error).__name__}): install Go 1.24 or newer"
        ) from None


def build(go: str, cache: Path = CACHE) -> Path:
    """Return the server's executable, building it if these sources have not been built yet."""
    digest = hashlib.sha256(go_version(go).encode())
    for source in sorted(
        path for path in SOURCES.iterdir() if path.suffix in {".go", ".mod", ".sum"}
    ):
        digest.update(b"\0" + source.name.encode() + b"\0" + source.read_bytes())
    executable = cache / f"ferretdb-{digest.hexdigest()[:16]}" / "ferretdb"
    if executable.exists():
        return executable

    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "ferretdb.lock").open("w") as lock:
        # Of several test runs that find nothing built, one builds and the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not executable.exists():
            with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as scratch:
                compile_program(go, Path(scratch) / "ferretdb")
                # Readers take no lock, so the executable appears whole or not at all.
                executable.parent.mkdir(exist_ok=True)
                (Path(scratch) / "ferretdb").replace(executable)
    return executable


def compile_program(go: str, output: Path) -> None:
    """Run the Go compiler."""
    announce(f"building FerretDB {version()} for the tests, once; this takes a minute or two")
    try:
        done = subprocess.run(
            [
                *(go, "build", "-trimpath", "-mod=readonly", "-ldflags=-s -w"),
                *("-tags=ferretdb_no_postgresql", "-o", str(output), "."),
            ],
            cwd=SOURCES,
            env={**os.environ, "CGO_ENABLED": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise DatabaseUnavailableError(
            f"building FerretDB with {go} took longer than {BUILD_SECONDS} s: "
            "set MONGODB_URI to a test server or install mongod"
        ) from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.split("\n") if line.strip()]
        raise DatabaseUnavailableError(
            f"building FerretDB with {go} failed ({lines[-1] if lines else 'no reason given'}): "
            "set MONGODB_URI to a test server or install mongod"
        )


class FerretDB(LocalDatabase):
    """A FerretDB that keeps its data in SQLite files."""

    is_ferretdb = True
    start_seconds = 30

    def __init__(self, executable: Path, directory: Path) -> None:
        self._executable = executable
        super().__init__("ferretdb", directory)

    def _command(self, data: Path) -> list[str]:
        return [str(self._executable), "-listen", f"127.0.0.1:{self._port}", "-data", str(data)]

    @staticmethod
    def compiler() -> str | None:
        """Return the path of Go, if this machine has it."""
        return shutil.which("go")

    @property
    def name(self) -> str:
        return f"FerretDB {version()} (built here)"

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}/"
