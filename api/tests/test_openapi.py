"""The OpenAPI document, and the service against it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.settings import Settings
from tests.server_process import PROJECT, ServerProcess
from tests.support.database import Database

EXAMPLES = 60
SECONDS = 120


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.get("/openapi.json")
    document: dict[str, Any] = response.json()
    return document


def test_schemathesis_finds_nothing(database_server: Database, tmp_path: Path) -> None:
    """All routes: examples, boundaries, generated requests good and bad, and chains of links."""
    settings = {
        "MONGODB_URI": database_server.uri,
        "MONGODB_DATABASE": database_server.new_database(),
        # Few connections are kept busy by the requests of one client.
        "MONGODB_TIMEOUT_MS": "5000",
    }
    with ServerProcess(tmp_path, settings) as server:
        server.wait_until("/readyz", 200)
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            str(PROJECT / "tests/schemathesis.toml"),
            "run",
            f"{server.url}/openapi.json",
            "--max-examples",
            str(EXAMPLES),
        ]
        ended = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        output = ended.stdout + ended.stderr
        assert ended.returncode == 0, output
        for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
            assert f"✅ {phase}" in output, output
        assert "Tested: 8" in output, output
        # Not one of all those requests has failed inside.
        assert not [line for line in server.log if line["level"] in ("ERROR", "CRITICAL")]


async def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if int(status) < 400:
                    continue
                name = response["$ref"].removeprefix("#/components/responses/")
                component = document["components"]["responses"][name]
                schema = component["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method, status)


async def test_a_created_user_links_to_what_can_be_done_with_it(document: dict[str, Any]) -> None:
    links = document["paths"]["/users/"]["post"]["responses"]["201"]["links"]
    operations = {link["operationId"] for link in links.values()}
    assert operations == {"get_user", "update_user", "delete_user"}
    for link in links.values():
        assert link["parameters"] == {"user_id": "$response.body#/id"}


async def test_parameters_state_their_limits(document: dict[str, Any], settings: Settings) -> None:
    parameters = document["paths"]["/users/"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert set(schemas) == {"limit", "cursor", "email", "name"}
    assert schemas["limit"]["minimum"] == 1
    assert schemas["limit"]["maximum"] == settings.max_page_size
    assert "null" not in str(schemas)


async def test_an_update_needs_a_value_and_takes_no_null(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["UserUpdate"]
    assert schema["minProperties"] == 1
    assert schema["additionalProperties"] is False
    assert "null" not in str(schema)
    assert "required" not in schema


async def test_the_document_is_made_once(client: httpx.AsyncClient) -> None:
    first = await client.get("/openapi.json")
    assert (await client.get("/openapi.json")).content == first.content


async def test_a_body_may_be_too_late_where_there_is_one(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert ("408" in operation["responses"]) == ("requestBody" in operation)
