"""The lock file belongs to the Pipfile, and names nothing but the public index."""

import hashlib
import json
import tomllib
from pathlib import Path

DIRECTORY = Path(__file__).parents[1]


def test_the_lock_file_is_that_of_the_pipfile() -> None:
    pipfile = tomllib.loads((DIRECTORY / "Pipfile").read_text(encoding="utf-8"))
    # What `pipenv verify` compares: the sections of the Pipfile under the names of the lock file.
    locked_from = {
        "_meta": {"sources": pipfile["source"], "requires": pipfile.get("requires", {})},
        "default": pipfile["packages"],
        "develop": pipfile["dev-packages"],
    }
    text = json.dumps(locked_from, sort_keys=True, separators=(",", ":"))
    lock = json.loads((DIRECTORY / "Pipfile.lock").read_text(encoding="utf-8"))
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert lock["_meta"]["hash"]["sha256"] == expected, "run `pipenv lock` in api/"


def test_every_package_is_of_the_public_index_and_has_hashes() -> None:
    lock = json.loads((DIRECTORY / "Pipfile.lock").read_text(encoding="utf-8"))
    sources = [source["url"] for source in lock["_meta"]["sources"]]
    assert sources == ["https://pypi.org/simple"]
    for section in ("default", "develop"):
        for name, package in lock[section].items():
            assert package.get("index", "pypi") == "pypi", name
            assert package["version"].startswith("=="), name
            assert package["hashes"], name
