"""The collection of users."""

import base64
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, OperationFailure

from app.models import User, UserCreate, UserPage, UserUpdate

COLLECTION = "users"

# `email_key` and `name_key` are what is compared: servers without collations find them as well.
INDEXES = (
    IndexModel([("email_key", ASCENDING)], name="email_key_unique", unique=True),
    IndexModel([("name_key", ASCENDING), ("_id", ASCENDING)], name="name_key"),
)


class EmailTakenError(Exception):
    """Another user has this e-mail address."""


class UserRepository:
    def __init__(self, collection: AsyncCollection[dict[str, Any]]) -> None:
        self._collection = collection

    async def create(self, user: UserCreate) -> User:
        now = _now()
        document: dict[str, Any] = {
            "_id": ObjectId(),
            **_name(user.name),
            **_email(user.email),
            "created_at": now,
            "updated_at": now,
        }
        try:
            await self._collection.insert_one(document)
        except DuplicateKeyError:
            raise EmailTakenError from None
        return _user(document)

    async def get(self, user_id: str) -> User | None:
        document = await self._collection.find_one({"_id": ObjectId(user_id)})
        return None if document is None else _user(document)

    async def page(
        self, *, limit: int, cursor: str | None, email: str | None, name: str | None
    ) -> UserPage:
        """The users after `cursor`, in the order of their ids: about the order of their creation.

        With a prefix of a name that many share, the server walks the ids until the page is full;
        with a rare one it takes the index of names and sorts the few that it finds.
        """
        conditions: dict[str, Any] = {}
        if cursor is not None:
            conditions["_id"] = {"$gt": ObjectId(base64.urlsafe_b64decode(cursor))}
        if email is not None:
            conditions["email_key"] = email_key(email)
        if name is not None:
            conditions["name_key"] = prefix_range(name_key(name))
        # One more than asked for says whether there is a next page.
        found = self._collection.find(
            conditions, sort=[("_id", ASCENDING)], limit=limit + 1, batch_size=limit + 1
        )
        documents = await found.to_list()
        items = [_user(document) for document in documents[:limit]]
        more = len(documents) > limit
        return UserPage(items=items, next=_cursor(documents[limit - 1]["_id"]) if more else None)

    async def update(self, user_id: str, update: UserUpdate) -> User | None:
        changed = update.changes()
        values: dict[str, Any] = {"updated_at": _now()}
        if "name" in changed:
            values |= _name(changed["name"])
        if "email" in changed:
            values |= _email(changed["email"])
        key = {"_id": ObjectId(user_id)}
        try:
            result = await self._collection.update_one(key, {"$set": values})
        except DuplicateKeyError:
            raise EmailTakenError from None
        except OperationFailure:
            # Not every server of MongoDB's protocol has the same code for it in an update.
            if "email" in changed and await self._is_taken(changed["email"], key["_id"]):
                raise EmailTakenError from None
            raise
        document = await self._collection.find_one(key) if result.matched_count else None
        return None if document is None else _user(document)

    async def _is_taken(self, email: str, by_other_than: ObjectId) -> bool:
        conditions = {"email_key": email_key(email), "_id": {"$ne": by_other_than}}
        return await self._collection.find_one(conditions) is not None

    async def delete(self, user_id: str) -> bool:
        result = await self._collection.delete_one({"_id": ObjectId(user_id)})
        return result.deleted_count == 1


def email_key(email: str) -> str:
    """What a valid address has in common with the same one in another case.

    Lower case is not enough: that of a capital sigma depends on what is around it, and a sharp s
    has none of its own. Of the domain the validation leaves one form, in which a sharp s and two
    of the other kind are different names.
    """
    local_part, _, domain = email.rpartition("@")
    folded = unicodedata.normalize("NFD", local_part).casefold()
    return f"{unicodedata.normalize('NFC', folded)}@{domain}"


def name_key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def prefix_range(prefix: str) -> dict[str, str]:
    """The texts that begin with `prefix`, in the order of bytes, which is that of code points.

    Not a regular expression: nothing in the text has a meaning that would have to be escaped.
    """
    characters = list(prefix)
    while characters:
        last = ord(characters.pop())
        if last < 0x10FFFF:
            # The code points of surrogates are no characters.
            successor = 0xE000 if last == 0xD7FF else last + 1
            return {"$gte": prefix, "$lt": "".join(characters) + chr(successor)}
    return {"$gte": prefix}


def _name(name: str) -> dict[str, Any]:
    return {"name": name, "name_key": name_key(name)}


def _email(email: str) -> dict[str, Any]:
    return {"email": email, "email_key": email_key(email)}


def _now() -> datetime:
    """Now, as exactly as the database keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _cursor(user_id: ObjectId) -> str:
    return base64.urlsafe_b64encode(user_id.binary).decode()


def _user(document: Mapping[str, Any]) -> User:
    # From our own database, so it is not checked again.
    return User.model_construct(
        id=str(document["_id"]),
        name=document["name"],
        email=document["email"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
    )
