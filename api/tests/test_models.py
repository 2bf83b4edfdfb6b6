"""The rules of values, as pydantic checks them and as the document states them."""

import re

import pytest
from pydantic import ValidationError

from app.models import UserCreate, UserUpdate


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Ada", "Ada"), (" Ada  King ", "Ada  King"), ("\u00a0Ada", "Ada"), ("x" * 100, "x" * 100)],
)
def test_names_lose_spaces_around_them(name: str, kept: str) -> None:
    assert UserCreate(name=name, email="ada@example.com").name == kept


def test_the_pattern_of_a_name_is_read_alike_elsewhere() -> None:
    """By Python as well, which reads the escapes that ECMA 262 and Rust share."""
    pattern = UserCreate.model_json_schema()["properties"]["name"]["pattern"]
    for number in range(0x2000):
        name = chr(number)
        try:
            UserCreate(name=name, email="ada@example.com")
        except ValidationError:
            accepted = False
        else:
            accepted = True
        assert bool(re.search(pattern, name)) == accepted, hex(number)


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("Ada@EXAMPLE.com", "Ada@example.com"),
        ("ada+tag@example.com", "ada+tag@example.com"),
        ("ada@sub.example.test", "ada@sub.example.test"),
        ("ada@xn--e1afmkfd.xn--p1ai", "ada@пример.рф"),
    ],
)
def test_addresses_are_normalized(email: str, kept: str) -> None:
    assert UserCreate(name="Ada", email=email).email == kept


def test_an_update_tells_what_was_sent() -> None:
    assert UserUpdate(name="Ada").changes() == {"name": "Ada"}
    assert UserUpdate(email="ada@example.com").changes() == {"email": "ada@example.com"}
    with pytest.raises(ValidationError):
        UserUpdate()
