"""A database server that is a process of this machine."""

from abc import abstractmethod
from pathlib import Path

from tests.support.processes import ServerProcess, free_port
from tests.support.server import Database, wait_until_writable


class LocalDatabase(Database):
    """A process of its own that keeps its data in a directory of the test run."""

    #: How long the server may take to listen, and again to take writes.
    start_seconds: float

    def __init__(self, kind: str, directory: Path) -> None:
        super().__init__()
        self._port = free_port()
        data = directory / kind
        data.mkdir(parents=True)
        self._process = ServerProcess(
            self._command(data), port=self._port, log=directory / f"{kind}.log"
        )
        self.start()

    @abstractmethod
    def _command(self, data: Path) -> list[str]:
        """Return what starts the server on its port."""

    def _prepare(self) -> None:
        """Do what a server that listens needs before it takes writes."""

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def start(self) -> None:
        self._process.start(self.start_seconds)
        try:
            self._prepare()
            wait_until_writable(self._port, self.start_seconds)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self.kill()
