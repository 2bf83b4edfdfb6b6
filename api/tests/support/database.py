"""The database that the tests run on: a real server that speaks MongoDB's protocol.

    with start_database(tmp_path_factory.mktemp("database")) as database:
        client = MongoClient(database.uri)
        users = client[database.new_database()]["users"]

The server ends with the process that started it, also when that is killed.
"""

import os
from pathlib import Path

from pymongo.errors import PyMongoError

from tests.support.container import Container, usable_engines
from tests.support.external import ExternalDatabase
from tests.support.ferretdb import FerretDB, build
from tests.support.mongod import Mongod
from tests.support.server import Database, DatabaseUnavailableError

__all__ = ["Database", "DatabaseUnavailableError", "start_database"]


def start_database(directory: Path) -> Database:
    """Start, or connect to, the first of these that there is.

    The server of MONGODB_URI; `mongod` of this machine; MongoDB in a container; FerretDB, built
    with Go. What is there and does not work is an error, except for container engines: many a
    machine has a client without a daemon, or no way to the registry.

    A server that is started here keeps its data and its log in the directory, one server in each.

    Raises DatabaseUnavailableError with one line that says what to install. A test run has to
    end with it, since tests that did not run show nothing.
    """
    if uri := os.environ.get("MONGODB_URI"):
        return ExternalDatabase(uri)

    if mongod := Mongod.executable():
        try:
            return Mongod(mongod, directory)
        except PyMongoError as error:
            raise DatabaseUnavailableError(
                f"{mongod} does not serve ({type(error).__name__}): see {directory / 'mongod.log'}"
            ) from None

    engines, problems = usable_engines()
    for engine in engines:
        try:
            return Container(engine, directory)
        except DatabaseUnavailableError as error:
            problems.append(str(error))
        except PyMongoError as error:
            problems.append(f"{engine}: MongoDB does not answer ({type(error).__name__})")

    if go := FerretDB.compiler():
        return FerretDB(build(go), directory)

    tried = f" ({'; '.join(problems)})" if problems else ""
    raise DatabaseUnavailableError(
        "no database for the tests: set MONGODB_URI, or install mongod, or Docker or Podman, "
        f"or Go 1.24 or newer{tried}"
    )
