"""What a target list is asked for."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_SAMPLE = '{"model": "customer_activity", "size": 1000}'


class ListSpec(BaseModel):
    """A request for a target list: the same document in a file, a notebook and over HTTP.

    Examples
    --------
    >>> ListSpec(model="card_uptake", size=1000)
    ListSpec(model='card_uptake', size=1000, seed=0)
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"model": "customer_activity", "size": 1000}]},
    )

    model: str = Field(min_length=1, description="Name of a live model.")
    size: int = Field(ge=1, description="How many customers; fewer if fewer are eligible.")
    seed: int = Field(default=0, ge=0, lt=2**63, description="Seed of every random choice.")


class InvalidSpecError(ValueError):
    """The file does not hold a request for a list."""


def read_spec(path: Path) -> ListSpec:
    """Read a request from a JSON file.

    Raises
    ------
    InvalidSpecError
        If the file is missing or does not hold one.
    """
    try:
        return ListSpec.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InvalidSpecError(
            f"{path} does not exist. Name a JSON file such as {_SAMPLE}."
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the document"
        raise InvalidSpecError(f"{path}: {place}: {first['msg']}. Expected: {_SAMPLE}.") from None
