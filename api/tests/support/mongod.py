"""The `mongod` of this machine, started as a replica set of one member."""

import shutil
from pathlib import Path

from tests.support import replica_set
from tests.support.processes import ServerProcess, free_port
from tests.support.server import Database, connect, product, wait_until_writable

START_SECONDS = 60


class Mongod(Database):
    """A process of its own that keeps its data in a directory of the test run."""

    def __init__(self, executable: str, directory: Path) -> None:
        super().__init__()
        self._port = free_port()
        data = directory / "mongod"
        data.mkdir(parents=True)
        self._process = ServerProcess(
            [
                executable,
                *("--dbpath", str(data)),
                *("--port", str(self._port)),
                *("--bind_ip", "127.0.0.1"),
                *replica_set.MONGOD_ARGUMENTS,
            ],
            port=self._port,
            log=directory / "mongod.log",
        )
        self.start()
        try:
            with connect(self.uri, direct=False, timeout=10) as client:
                self._product, self.is_ferretdb = product(client)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def executable() -> str | None:
        """Return the path of mongod, if this machine has one."""
        return shutil.which("mongod")

    @property
    def name(self) -> str:
        return f"{self._product} (mongod of this machine)"

    @property
    def uri(self) -> str:
        return replica_set.uri(self._port)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def start(self) -> None:
        self._process.start(START_SECONDS)
        try:
            replica_set.initiate(self._port)
            wait_until_writable(self._port, START_SECONDS)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self.kill()
