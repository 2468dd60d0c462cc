"""What a folder of tables says of itself: `about.yaml`, written by the importers."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from pipeline.durable import whole_file

ABOUT = "about.yaml"


class About(BaseModel):
    """Where tables come from, and what their days and money are.

    Attributes
    ----------
    title : str
        Name of the data.
    time_zone, currency : str
        Business time zone (IANA name) and currency code; they stand above `params.yaml`.
    terms : str
        Terms of use, as stated by whoever published the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    time_zone: str
    currency: str
    terms: str = ""


def write_about(folder: Path, about: About) -> None:
    """Write `about.yaml` into a folder of tables."""
    with whole_file(folder / ABOUT) as draft:
        draft.write_text(yaml.safe_dump(about.model_dump(), sort_keys=False), encoding="utf-8")


def describe(location: str) -> dict[str, Any]:
    """Return what the data at a place say of themselves, as values above `params.yaml`."""
    path = Path(location) / ABOUT
    if "://" in location or not path.exists():
        return {}
    about = About.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {"time_zone": about.time_zone, "currency": about.currency}
