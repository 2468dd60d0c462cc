"""Mirror what is live in the MLflow registry: the alias `champion` of each model.

`release.json` is the only truth; whoever looks at MLflow sees the same. A process that is
killed between the two leaves them different, until the next run or `shortlist doctor --fix`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.registry import quiet_mlflow, tracking_uri
from pipeline.release import read_release

CHAMPION = "champion"


class Difference(NamedTuple):
    """A model whose alias is not on the version that is live.

    Attributes
    ----------
    model, live : str
        The model, and its version that is live.
    alias : str, optional
        The version under the alias; none where there is no alias.
    registered : bool
        Whether the registry knows the live version at all.
    """

    model: str
    live: str
    alias: str | None
    registered: bool


class _Registry(NamedTuple):
    """What MLflow knows: versions by model, and the version under the alias by model."""

    versions: set[tuple[str, str]]
    champions: dict[str, str]


def differences(artifacts: Path) -> list[Difference]:
    """Return the models whose alias names another version than the one that is live."""
    live = {model: entry.version for model, entry in read_release(artifacts).models.items()}
    if not live:
        return []
    registry = _registry(artifacts)
    return [
        Difference(
            model, version, registry.champions.get(model), (model, version) in registry.versions
        )
        for model, version in sorted(live.items())
        if registry.champions.get(model) != version
    ]


def mirror(artifacts: Path) -> list[Difference]:
    """Put each alias on the version that is live; return what could not be mended.

    That is what the registry does not know: its database was lost, or is another one.
    """
    found = differences(artifacts)
    known = [one for one in found if one.registered]
    if known:
        client = _client(artifacts)
        for one in known:
            client.set_registered_model_alias(one.model, CHAMPION, one.live)
    return [one for one in found if not one.registered]


def _registry(artifacts: Path) -> _Registry:
    """Ask the registry.

    Of the embedded one the tables are read as they are: to load MLflow takes seconds, and a
    run that finds everything done takes two.
    """
    if not tracking_uri(artifacts).startswith("sqlite"):
        return _served(_client(artifacts))
    embedded = artifacts / "mlflow.db"
    if not embedded.exists():
        return _Registry(set(), {})
    with closing(sqlite3.connect(f"file:{embedded}?mode=ro", uri=True)) as tables:
        known = tables.execute("SELECT name, version FROM model_versions").fetchall()
        query = "SELECT name, version FROM registered_model_aliases WHERE alias = ?"
        named = tables.execute(query, [CHAMPION]).fetchall()
    return _Registry({(m, str(n)) for m, n in known}, {m: str(n) for m, n in named})


def _served(client: Any) -> _Registry:
    known = {(one.name, str(one.version)) for one in client.search_model_versions()}
    models = client.search_registered_models()
    named = {m.name: str(m.aliases[CHAMPION]) for m in models if CHAMPION in m.aliases}
    return _Registry(known, named)


def _client(artifacts: Path) -> Any:
    return quiet_mlflow().MlflowClient(tracking_uri(artifacts))
