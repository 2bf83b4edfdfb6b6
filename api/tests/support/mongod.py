"""The `mongod` of this machine, started as a replica set of one member."""

import shutil
from pathlib import Path

from tests.support import replica_set
from tests.support.local import LocalDatabase
from tests.support.server import connect, product


class Mongod(LocalDatabase):
    """The only member of its replica set."""

    start_seconds = 60

    def __init__(self, executable: str, directory: Path) -> None:
        self._executable = executable
        super().__init__("mongod", directory)
        try:
            with connect(self.uri, direct=False, timeout=10) as client:
                self._product, self.is_ferretdb = product(client)
        except BaseException:
            self.close()
            raise

    def _command(self, data: Path) -> list[str]:
        return [
            self._executable,
            *("--dbpath", str(data)),
            *("--port", str(self._port)),
            *("--bind_ip", "127.0.0.1"),
            *replica_set.MONGOD_ARGUMENTS,
        ]

    def _prepare(self) -> None:
        replica_set.initiate(self._port)

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
