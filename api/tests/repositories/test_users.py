"""The collection of users."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.core.database import Database as ConnectedDatabase
from app.core.settings import Settings
from app.models import UserCreate, UserUpdate
from app.repositories.users import (
    COLLECTION,
    INDEXES,
    EmailTakenError,
    UserRepository,
    email_key,
    name_key,
    prefix_range,
)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[ConnectedDatabase]:
    async with ConnectedDatabase(settings, {COLLECTION: INDEXES}) as database:
        yield database


@pytest.fixture
async def users(database: ConnectedDatabase) -> AsyncIterator[UserRepository]:
    async with database.use() as connected:
        yield UserRepository(connected[COLLECTION])


def user(name: str = "Ada", email: str = "ada@example.com") -> UserCreate:
    return UserCreate(name=name, email=email)


async def test_times_are_kept_as_they_were_answered(users: UserRepository) -> None:
    created = await users.create(user())
    read = await users.get(created.id)
    assert read == created
    assert created.created_at.tzinfo is not None


async def test_one_of_two_updates_to_the_same_address_is_refused(users: UserRepository) -> None:
    created = [await users.create(user(email=f"user-{n}@example.com")) for n in range(4)]
    update = UserUpdate(email="one@example.com")
    results = await asyncio.gather(
        *(users.update(each.id, update) for each in created), return_exceptions=True
    )
    taken = [result for result in results if isinstance(result, EmailTakenError)]
    assert len(taken) == len(created) - 1
    page = await users.page(limit=10, cursor=None, email="ONE@example.com", name=None)
    assert len(page.items) == 1


async def test_indexes_are_made_once_by_many(settings: Settings) -> None:
    async def start() -> list[str]:
        async with (
            ConnectedDatabase(settings, {COLLECTION: INDEXES}) as database,
            database.use() as connected,
        ):
            return sorted(
                [index["name"] async for index in await connected[COLLECTION].list_indexes()]
            )

    started = await asyncio.gather(*(start() for _ in range(3)))
    assert started == [["_id_", "email_key_unique", "name_key"]] * 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "aDA"), ("STRASSE", "straße"), ("ﬁ", "FI"), ("Å", "a\u030a".upper())],
)
def test_names_that_are_alike_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_addresses_differ_by_more_than_case() -> None:
    assert email_key("ADA@example.com") == email_key("ada@example.com")
    assert email_key("ada@example.com") != email_key("adá@example.com")
    assert email_key("ada@straße.test") != email_key("ada@strasse.test")


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("a", {"$gte": "a", "$lt": "b"}),
        ("a\U0010ffff", {"$gte": "a\U0010ffff", "$lt": "b"}),
        ("\ud7ff", {"$gte": "\ud7ff", "$lt": "\ue000"}),
        ("\U0010ffff", {"$gte": "\U0010ffff"}),
    ],
)
def test_the_range_of_a_prefix(prefix: str, expected: dict[str, str]) -> None:
    assert prefix_range(prefix) == expected


@pytest.mark.parametrize("prefix", ["a", "\ud7ff", "a\U0010ffff", "\U0010ffff", "z"])
@pytest.mark.parametrize("rest", ["", "\x01", "a", "\U0010ffff", "\ue000"])
def test_the_range_holds_what_begins_with_the_prefix_and_nothing_else(
    prefix: str, rest: str
) -> None:
    def is_in(text: str) -> bool:
        limits = {name: value.encode() for name, value in prefix_range(prefix).items()}
        encoded = text.encode()
        return limits["$gte"] <= encoded and ("$lt" not in limits or encoded < limits["$lt"])

    assert is_in(prefix + rest)
    for other in (prefix[:-1], "b" + rest, "`" + rest, "\ue001"):
        assert is_in(other) == other.startswith(prefix)
