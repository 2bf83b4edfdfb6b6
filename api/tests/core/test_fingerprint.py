"""What tells that files have changed."""

from pathlib import Path

import pytest

from app.core.fingerprint import fingerprint


def test_follows_the_content_and_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("first")
    first = fingerprint([path])
    path.unlink()
    path.write_text("first")
    assert fingerprint([path]) == first
    path.write_text("other")
    assert fingerprint([path]) != first


def test_content_that_moves_to_the_next_file_is_another(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("ab")
    other.write_text("c")
    first = fingerprint([one, other])
    one.write_text("a")
    other.write_text("bc")
    assert fingerprint([one, other]) != first


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint([tmp_path / "none"])
