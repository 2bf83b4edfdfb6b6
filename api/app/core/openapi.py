"""The OpenAPI document: FastAPI's, with problem documents and the limits of the settings."""

from typing import Any

from fastapi import FastAPI

from app.core.problems import Problem, component_name, response_components
from app.core.settings import Settings


def publish_openapi(app: FastAPI, settings: Settings) -> None:
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _use_problem_documents(document)
            _describe_parameters(document, settings)
        return generate()

    # The place where FastAPI looks for a document of the application's own.
    app.openapi = openapi  # type: ignore[method-assign]


def _use_problem_documents(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    # FastAPI's own document of invalid values, which is never sent.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    components["responses"] = response_components()
    for operations in document["paths"].values():
        for operation in operations.values():
            for status in operation["responses"]:
                if int(status) >= 400:
                    name = component_name(int(status))
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _describe_parameters(document: dict[str, Any], settings: Settings) -> None:
    for parameter in document["paths"]["/users/"]["get"]["parameters"]:
        schema = parameter["schema"]
        # `None` stands for a parameter that was not sent; a query has no null.
        (value,) = (choice for choice in schema.pop("anyOf") if choice != {"type": "null"})
        parameter["schema"] = {**value, **schema}
        if parameter["name"] == "limit":
            parameter["schema"]["maximum"] = settings.max_page_size
