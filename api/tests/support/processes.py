"""Server processes of a test run, none of which outlives it."""

import random
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.server import DatabaseUnavailableError

LIFELINE = Path(__file__).with_name("lifeline.py")

# Below the ports that Linux and macOS give to outgoing connections: while the server is down
# on purpose, none of the clients that try to connect can be given the server's own port.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Find a port of 127.0.0.1 that nothing listens on."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port of 127.0.0.1 in 100 tries between {PORTS[0]} and {PORTS[-1]}")


def announce(line: str) -> None:
    """Tell whoever waits for the tests why they take a while to begin."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def accepts_connections(port: int) -> bool:
    """Tell whether something listens on the port of 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def start_lifeline(mode: str, command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start the lifeline script; closing the standard input of what is returned pulls it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(LIFELINE), mode, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C ends pytest, whose fixtures still need the server while they clean up.
            start_new_session=True,
        )


def pull_lifeline(process: "subprocess.Popen[bytes]", timeout: float) -> None:
    """Close the lifeline and wait for what it does; harmless when that has been done."""
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()
    process.wait(timeout)


class ServerProcess:
    """A server that listens on a port of 127.0.0.1 and dies with the test run."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self._command = command
        self._port = port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float) -> None:
        """Start the server and wait until its port accepts connections."""
        if self._process is not None:
            raise RuntimeError("the server runs already")
        self._process = start_lifeline("run", self._command, self._log)
        deadline = time.monotonic() + timeout
        while not accepts_connections(self._port):
            if self._process.poll() is not None:
                self.kill()
                raise DatabaseUnavailableError(
                    f"{self._command[0]} ended at once: {self.last_words()}"
                )
            if time.monotonic() > deadline:
                self.kill()
                raise DatabaseUnavailableError(
                    f"{self._command[0]} did not listen within {timeout:g} s: {self.last_words()}"
                )
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server by SIGKILL and wait until it is gone; harmless when it is down."""
        if self._process is not None:
            pull_lifeline(self._process, timeout=10)
            self._process = None

    def last_words(self) -> str:
        """Return the last line that the server logged."""
        lines = self._log.read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it logged nothing")
