"""What every request gets: an id, a line in the log, and an answer if all else fails."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pymongo.errors import OperationFailure

from app.application import create_app
from app.core.settings import Settings
from tests.conftest import captured_log, make_client

ADDRESS = "ada@example.com"


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def requests(output: str) -> list[dict[str, Any]]:
    return [line for line in lines(output) if line["message"] == "request"]


class TestRequestId:
    @pytest.mark.parametrize("identifier", ["a", "A-1_b.2", "x" * 64])
    async def test_a_sane_one_is_taken_over(
        self, client: httpx.AsyncClient, identifier: str
    ) -> None:
        response = await client.get("/healthz", headers={"X-Request-ID": identifier})
        assert response.headers["x-request-id"] == identifier

    @pytest.mark.parametrize(
        "identifier", ["", " ", "x" * 65, ADDRESS, "a b", '{"a":1}', "\xe4", "a\tb"]
    )
    async def test_another_is_replaced(self, client: httpx.AsyncClient, identifier: str) -> None:
        headers = [(b"X-Request-ID", identifier.encode("latin-1"))]
        response = await client.get("/healthz", headers=headers)
        assert response.headers["x-request-id"] != identifier
        assert len(response.headers["x-request-id"]) == 32

    async def test_each_request_gets_one_of_its_own(self, client: httpx.AsyncClient) -> None:
        identifiers = {
            (await client.get(path)).headers["x-request-id"]
            for path in ("/healthz", "/healthz", "/nothing", "/users/1")
        }
        assert len(identifiers) == 4


class TestLog:
    async def test_a_request_is_a_line_without_its_values(self, client: httpx.AsyncClient) -> None:
        body = {"name": "Ada Lovelace", "email": ADDRESS}
        with captured_log() as log:
            user = (await client.post("/users/", json=body)).json()
            await client.post("/users/", json=body)
            await client.post("/users/", json={**body, "email": "ada.example.com"})
            await client.get("/users/", params={"email": ADDRESS, "name": "Ada"})
            await client.patch(f"/users/{user['id']}", json={"name": "Ada King"})
            await client.request("BREW", f"/nothing/{ADDRESS}", headers={"X-Request-ID": "brew"})
        found = requests(log.getvalue())
        assert [(line["method"], line["route"], line["status"]) for line in found] == [
            ("POST", "/users/", 201),
            ("POST", "/users/", 409),
            ("POST", "/users/", 422),
            ("GET", "/users/", 200),
            ("PATCH", "/users/{user_id}", 200),
            ("OTHER", "(unmatched)", 404),
        ]
        assert found[-1]["request_id"] == "brew"
        assert all(0 < line["duration_ms"] < 5000 for line in found)
        for personal in ("ada", "lovelace", "king", "example", user["id"]):
            assert personal not in "".join(json.dumps(line) for line in found).lower()

    async def test_documentation_has_its_routes(self, client: httpx.AsyncClient) -> None:
        paths = ["/docs", "/docs/swagger-ui.css", "/openapi.json"]
        with captured_log() as log:
            for path in paths:
                assert (await client.get(path)).status_code == 200
            assert (await client.post("/openapi.json")).status_code == 405
        routes = [line["route"] for line in requests(log.getvalue())]
        assert routes == [*paths, "/openapi.json"]

    async def test_probes_are_not_logged(self, client: httpx.AsyncClient) -> None:
        with captured_log() as log:
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await client.get(path)).status_code == 200
            await client.get("/users/")
        assert [line["route"] for line in requests(log.getvalue())] == ["/users/"]


class TestFailure:
    # The second has the place where errors of the database go, and is none that passes.
    @pytest.fixture(params=[RuntimeError, OperationFailure])
    def error(self, request: pytest.FixtureRequest) -> type[Exception]:
        error: type[Exception] = request.param
        return error

    @pytest.fixture
    async def failing(
        self, settings: Settings, error: type[Exception]
    ) -> AsyncIterator[httpx.AsyncClient]:
        app: FastAPI = create_app(settings)

        @app.get("/fail")
        async def fail() -> None:
            raise error(f"could not store {ADDRESS}")

        async with app.state.lifecycle.lifespan(app), make_client(app) as client:
            yield client

    async def test_an_unexpected_error_is_a_problem_and_its_text_is_nowhere(
        self, failing: httpx.AsyncClient, error: type[Exception]
    ) -> None:
        with captured_log() as log:
            response = await failing.get("/fail", headers={"X-Request-ID": "failing"})
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["x-request-id"] == "failing"
        assert response.json()["status"] == 500
        output = log.getvalue()
        (logged,) = [line for line in lines(output) if line["level"] == "ERROR"]
        assert logged["request_id"] == "failing"
        assert error.__name__ in logged["exception"]
        assert f"{__file__}:" in logged["exception"]
        for text in (response.text, output):
            assert ADDRESS not in text
        (request,) = requests(output)
        assert request["status"] == 500
