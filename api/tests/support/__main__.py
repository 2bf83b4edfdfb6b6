"""Serve the tests' database to another program: `python -m tests.support database`.

Prints one line of JSON with the name and the URI of the server, and ends with standard input.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.support.database import DatabaseUnavailableError, start_database


def main() -> int:
    """Run the command that was named."""
    if sys.argv[1:] != ["database"]:
        print("usage: python -m tests.support database", file=sys.stderr)
        return 2
    # On a disk: in memory, what is measured would not be what a database does.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        try:
            database = start_database(Path(directory))
        except DatabaseUnavailableError as error:
            print(error, file=sys.stderr)
            return 1
        with database:
            print(json.dumps({"name": database.name, "uri": database.uri}), flush=True)
            sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
