"""The page for people to read and try out the API. It loads nothing from elsewhere."""

from importlib import resources
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse

_DIRECTORY = Path(str(resources.files("fastapi_swagger.resources")))
_SCRIPT = "swagger-ui-bundle.js"
_STYLE = "swagger-ui.css"
_ICON = "favicon-32x32.png"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def documentation(request: Request) -> Response:
    root = request.scope.get("root_path", "")
    return get_swagger_ui_html(
        openapi_url=f"{root}{request.app.openapi_url}",
        title=request.app.title,
        swagger_js_url=f"{root}/docs/{_SCRIPT}",
        swagger_css_url=f"{root}/docs/{_STYLE}",
        swagger_favicon_url=f"{root}/docs/{_ICON}",
        # Without this the page may send the document to a service that checks it.
        swagger_ui_parameters={"validatorUrl": None},
    )


@router.get(f"/docs/{_SCRIPT}")
async def script() -> FileResponse:
    return FileResponse(_DIRECTORY / _SCRIPT)


@router.get(f"/docs/{_STYLE}")
async def style() -> FileResponse:
    return FileResponse(_DIRECTORY / _STYLE)


@router.get(f"/docs/{_ICON}")
async def icon() -> FileResponse:
    return FileResponse(_DIRECTORY / _ICON)
