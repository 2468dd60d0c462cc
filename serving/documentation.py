"""What the OpenAPI page says of errors: each route names those that it may end in."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError

from campaigns.keys import InvalidKeyError
from serving.access import ForbiddenError, MissingKeyError
from serving.body_limit import BodyTooLargeError
from serving.issuer_keys import UnreachableIssuerError
from serving.problems import INVALID, KINDS, MEDIA_TYPE, Kind, problem_document
from serving.rate_limit import TooManyRequestsError


class Place(BaseModel):
    """Where in the request a problem lies."""

    detail: str
    pointer: str | None = Field(default=None, description="JSON pointer into the body.")
    parameter: str | None = Field(default=None, description="Name of a parameter.")


class Problem(BaseModel):
    """What went wrong, and what to change (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="Quote it when you ask for help.")
    errors: list[Place] = []


def documented(*errors: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that may end in these errors, for its OpenAPI page.

    Each route may also meet a missing, unknown or insufficient key, one that asks too often,
    an invalid request, a body that is too long, and a database or an issuer that is away.
    """
    always = (
        *(MissingKeyError, InvalidKeyError, ForbiddenError, TooManyRequestsError),
        *(BodyTooLargeError, OperationalError, UnreachableIssuerError),
    )
    return with_invalid(answers_for(*always, *errors))


def with_invalid(answers: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Add what a route answers to an invalid request."""
    invalid = answers.setdefault(422, _answer("The request is not valid"))
    invalid["content"][MEDIA_TYPE]["examples"]["invalid-request"] = {
        "value": problem_document(
            INVALID,
            "size: Input should be greater than or equal to 1",
            "/v1/lists",
            "c0ffee",
            [{"detail": "Input should be greater than or equal to 1", "pointer": "#/size"}],
        )
    }
    return answers


def answers_for(*errors: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """Return the problem documents for these errors alone, for a route that takes no key."""
    answers: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        kind = KINDS[error]
        answer = answers.setdefault(kind.status, _answer(HTTPStatus(kind.status).phrase))
        answer["content"][MEDIA_TYPE]["examples"][kind.slug] = {"value": _example(kind)}
    return answers


def describe_problems(app: FastAPI) -> None:
    """Add the problem document to the schemas of the OpenAPI page."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            nested = schema.pop("$defs")
            document.setdefault("components", {}).setdefault("schemas", {}).update(
                {"Problem": schema, **nested}
            )
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _answer(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}},
    }


def _example(kind: Kind) -> dict[str, Any]:
    places = [{"detail": kind.title, **kind.at}] if kind.at else []
    return problem_document(kind, kind.title, "/v1/lists", "c0ffee", places)
