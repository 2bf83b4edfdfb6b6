"""The endpoint for logins by password, by PyMongo's own login."""

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from tests.support.database import Database
from tests.support.scram import ScramEndpoint

USER = "service"


async def insert(endpoint: ScramEndpoint, database: str, **login: str) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(endpoint.uri, **login)  # type: ignore[arg-type]
    async with client:
        await client[database]["things"].insert_one({"a": 1})


async def test_the_password_gets_in(database_server: Database) -> None:
    async with ScramEndpoint(database_server.address, USER, "first") as endpoint:
        await insert(endpoint, database_server.new_database(), username=USER, password="first")
        (used,) = [each for each in endpoint.connections if each.password is not None]
        assert used.password == "first"
        assert "insert" in used.commands
        assert endpoint.refused == 0


@pytest.mark.parametrize(
    "login",
    [
        {"username": USER, "password": "second"},
        {"username": "stranger", "password": "first"},
    ],
)
async def test_another_login_stays_out(database_server: Database, login: dict[str, str]) -> None:
    async with ScramEndpoint(database_server.address, USER, "first") as endpoint:
        with pytest.raises(OperationFailure, match="Authentication failed"):
            await insert(endpoint, database_server.new_database(), **login)
        assert endpoint.refused >= 1
        assert not any(each.commands for each in endpoint.connections)


async def test_without_a_login_nothing_is_relayed(database_server: Database) -> None:
    async with ScramEndpoint(database_server.address, USER, "first") as endpoint:
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
            f"mongodb://{endpoint.host}/?directConnection=true"
        )
        async with client:
            with pytest.raises(OperationFailure, match="Unauthorized"):
                await client["anything"]["things"].find_one()
        assert not any(each.commands for each in endpoint.connections)
