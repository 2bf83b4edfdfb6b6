"""The page that shows the OpenAPI document."""

import re

import httpx
import pytest


async def test_the_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "://" not in page.text
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(loaded) == 3
    for path in loaded:
        assert (await client.get(path)).status_code == 200
    assert "url: '/openapi.json'" in page.text
    # Nor does its script send the document to be checked.
    assert '"validatorUrl": null' in page.text


@pytest.mark.parametrize(
    ("path", "media_type", "part"),
    [
        ("/docs/swagger-ui-bundle.js", "text/javascript", b"SwaggerUIBundle"),
        ("/docs/swagger-ui.css", "text/css", b".swagger-ui"),
        ("/docs/favicon-32x32.png", "image/png", b"PNG"),
    ],
)
async def test_its_files(
    client: httpx.AsyncClient, path: str, media_type: str, part: bytes
) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert part in response.content


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect", "/docs/__init__.py"])
async def test_nothing_else_is_there(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
