"""The service as it runs in production: uvicorn in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from app.core.settings import Settings
from tests.support.processes import free_port

PROJECT = Path(__file__).resolve().parents[1]
START_SECONDS = 10.0


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with these settings and no others."""
    names = {field.upper() for field in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, **settings}


class ServerProcess:
    """`uvicorn app.main:app`; leaving the context kills what is left of it."""

    def __init__(
        self, directory: Path, settings: Mapping[str, str], arguments: Sequence[str] = ()
    ) -> None:
        self.port = free_port()
        self._output = directory / f"stdout-{self.port}"
        self._errors = directory / f"stderr-{self.port}"
        self._arguments = arguments
        self._environment = environment(settings)
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=10)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(self.port)]
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*command, *self._arguments],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                # A group of its own, so that workers are found as well.
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.client.close()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait_until(self, path: str, status: int, seconds: float = START_SECONDS) -> None:
        """Wait until a GET is answered with the status."""
        deadline = time.monotonic() + seconds
        seen: object = None
        while time.monotonic() < deadline:
            try:
                seen = self.client.get(path).status_code
            except httpx.TransportError as error:
                seen = error
            if seen == status:
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"GET {path}: {seen!r} and not {status}; {self.errors}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 10) -> int:
        """Wait for the end of the process; its exit status, negative if a signal killed it."""
        return self._process.wait(seconds)

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def log(self) -> list[dict[str, Any]]:
        """What was logged; every line has to be an object."""
        lines = [json.loads(line) for line in self._output.read_text().splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        return lines
