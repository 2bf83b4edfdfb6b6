"""Fixtures for the tests of the support itself."""

from collections.abc import Iterator

import pytest

from tests.support.database import Database, start_database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Start a database that a module's tests have for themselves."""
    with start_database(tmp_path_factory.mktemp("server")) as database:
        yield database
