"""Health, readiness and figures."""

import httpx
from fastapi import FastAPI

from app.application import create_app
from app.core.settings import Settings
from tests.conftest import make_client


async def test_a_process_without_a_database_is_healthy_and_not_ready() -> None:
    # Nothing listens on the port of TCP's port service multiplexer.
    app = create_app(Settings(mongodb_hosts="127.0.0.1:1"))
    async with app.state.lifecycle.lifespan(app), make_client(app) as client:
        healthy = await client.get("/healthz")
        assert healthy.status_code == 200
        assert healthy.json() == {"status": "ok"}
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.headers["retry-after"] == "1"
        assert ready.headers["content-type"] == "application/problem+json"
        # What needs no database, and what is wrong with a request all the same.
        for method, path, status in (
            ("GET", "/metrics", 200),
            ("GET", "/docs", 200),
            ("GET", "/openapi.json", 200),
            ("GET", "/nothing", 404),
            ("PUT", "/users/", 405),
            ("POST", "/users/", 503),
            ("GET", "/users/", 503),
        ):
            assert (await client.request(method, path)).status_code == status, path


async def test_is_ready_with_a_database(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready"}


async def test_is_not_ready_while_it_stops(app: FastAPI, client: httpx.AsyncClient) -> None:
    app.state.lifecycle.stopping = True
    response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["detail"] == "The process is shutting down."
    assert response.headers["connection"] == "close"
    # Requests are still served.
    assert (await client.get("/users/")).status_code == 200


async def test_figures_name_routes_and_no_paths(client: httpx.AsyncClient) -> None:
    user_id = "f" * 24
    await client.get(f"/users/{user_id}")
    await client.get("/users/", params={"email": "ada@example.com"})
    await client.get("/secret-path")
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    text = response.text
    assert 'http_requests_total{method="GET",route="/users/{user_id}",status="404"}' in text
    assert 'route="(unmatched)",status="404"' in text
    assert "http_request_duration_seconds_bucket" in text
    assert "mongodb_pool_connections " in text
    for personal in (user_id, "ada", "secret-path"):
        assert personal not in text


async def test_pool_figures_follow_the_connections(client: httpx.AsyncClient) -> None:
    def value(text: str, name: str) -> float:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(line.split()[1])

    text = (await client.get("/metrics")).text
    assert value(text, "mongodb_pool_connections") >= 1
    assert value(text, "mongodb_pool_connections_in_use") == 0
    # This request.
    assert value(text, "http_requests_in_progress") == 1
