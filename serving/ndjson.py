"""Bodies of many rows: one JSON object a line."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from campaigns.loop.lines import Line

MEDIA_TYPE = "application/x-ndjson"
_TAKEN = frozenset({MEDIA_TYPE, "application/ndjson", "application/jsonl", "application/x-jsonl"})


class NotLinesError(HTTPException):
    """The body is declared to be something else.

    It is an HTTPException because those alone pass through the code that reads bodies.
    """

    def __init__(self) -> None:
        super().__init__(
            415, f"send one JSON object a line, with the header `Content-Type: {MEDIA_TYPE}`."
        )

    def __str__(self) -> str:
        return self.detail


async def _content(request: Request) -> bytes:
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in _TAKEN:
        raise NotLinesError
    return await request.body()


#: The body of a request, as it came.
Lines = Annotated[bytes, Depends(_content)]


def described(line: type[Line]) -> dict[str, Any]:
    """Return what the OpenAPI page says of a body whose lines hold this."""
    schema = line.model_json_schema()
    schema["description"] = f"One such object a line. {schema['description']}"
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}}
