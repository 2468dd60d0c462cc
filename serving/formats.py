"""In which form rows are answered: JSON, a row a line, or Arrow, as the caller accepts."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Header

Form = Literal["json", "ndjson", "csv", "arrow"]

#: The forms by their media types; of equals, the first is preferred.
MEDIA_TYPES: dict[str, Form] = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "text/csv": "csv",
    "application/vnd.apache.arrow.stream": "arrow",
}
CONTENT_TYPES: dict[Form, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
}


class NotAcceptableError(ValueError):
    """The caller accepts none of the forms that there are."""


def accepted_form(accept: str) -> Form:
    """Return the form that a caller likes best of those that there are.

    Raises
    ------
    NotAcceptableError
        If it likes none of them.

    Examples
    --------
    >>> accepted_form("text/html, text/csv;q=0.9, */*;q=0.1")
    'csv'
    """
    best: tuple[float, int, Form] | None = None
    ranges = [_weighed(one) for one in accept.split(",") if one.strip()] or [("*/*", 1.0)]
    for place, (media_type, form) in enumerate(MEDIA_TYPES.items()):
        wild = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        weights = {name: weight for name, weight in reversed(ranges) if name in wild}
        weight = next((weights[name] for name in wild if name in weights), 0.0)
        if weight > 0 and (best is None or (weight, -place) > best[:2]):
            best = weight, -place, form
    if best is None:
        raise NotAcceptableError(f"there is none of what Accept names. Ask for {_THERE_ARE}.")
    return best[2]


_THERE_ARE = ", ".join(MEDIA_TYPES)


def _weighed(media_range: str) -> tuple[str, float]:
    name, *parameters = (one.strip().lower() for one in media_range.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


async def _form(
    accept: Annotated[
        str,
        Header(
            max_length=500,
            description=f"One of {_THERE_ARE}.",
            examples=["application/x-ndjson"],
        ),
    ] = "*/*",
) -> Form:
    return accepted_form(accept)


Accepted = Annotated[Form, Depends(_form)]


def lines_content(ndjson: str, csv: str) -> dict[str, Any]:
    """Return what the OpenAPI page says of the forms beside JSON, with an example of lines."""
    schema = {"type": "string"}
    return {
        "application/x-ndjson": {"schema": schema, "examples": {"lines": {"value": ndjson}}},
        "text/csv": {"schema": schema, "examples": {"lines": {"value": csv}}},
        CONTENT_TYPES["arrow"]: {
            "schema": {**schema, "format": "binary"},
            "examples": {"stream": {"value": "(the bytes of an Arrow stream)"}},
        },
    }
