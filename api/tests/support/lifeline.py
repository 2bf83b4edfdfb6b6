"""Ties something to the life of the process that started it, whatever that one dies of.

The starter holds the other end of this script's standard input, which the system closes when the
starter ends, by SIGKILL too. Run as a script:

    lifeline.py run COMMAND...    runs the command and kills it when standard input closes
    lifeline.py then COMMAND...   runs the command when standard input closes

The script needs nothing but the standard library, so that it starts without site packages.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType


def wait_for_end_of_input() -> None:
    """Block until the other end of standard input is closed."""
    # Unbuffered, because a buffered reader that still blocks makes the interpreter's exit fail.
    while os.read(0, 1024):
        pass


def run(command: list[str]) -> int:
    """Run the command; standard input's end and SIGTERM kill it."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        child.kill()

    def watch() -> None:
        wait_for_end_of_input()
        child.kill()

    signal.signal(signal.SIGTERM, on_signal)
    threading.Thread(target=watch, daemon=True).start()
    return child.wait()


def then(command: list[str]) -> int:
    """Run the command as soon as standard input is closed."""
    wait_for_end_of_input()
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    modes = {"run": run, "then": then}
    sys.exit(modes[sys.argv[1]](sys.argv[2:]) & 0xFF)
