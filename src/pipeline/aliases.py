"""Mirror what is live in the MLflow registry: the alias `champion` of each model.

`release.json` is the only truth; whoever looks at MLflow sees the same. A process that is
killed between the two leaves them different, until the next run or `shortlist doctor --fix`.
"""

import logging
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.registry import quiet_mlflow, tracking_uri
from pipeline.release import read_release

_LOG = logging.getLogger(__name__)

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


def follow(artifacts: Path) -> None:
    """Mirror after a release by hand, which holds whether MLflow answers or not."""
    try:
        mirror(artifacts)
    except Exception as error:  # noqa: BLE001 - a server that is away, or whatever it answers
        _LOG.warning("MLflow follows at the next run: %s", type(error).__name__, exc_info=error)


def follow_aside(artifacts: Path) -> None:
    """Do as `follow` in a process of its own, which nobody waits for.

    MLflow takes seconds to load, and memory that a worker of the service keeps for others.
    """
    embedded = tracking_uri(artifacts).startswith("sqlite")
    if embedded and not any(one.registered for one in differences(artifacts)):
        return
    command = [sys.executable, "-m", "pipeline.aliases", str(artifacts)]
    threading.Thread(target=subprocess.run, args=(command,), daemon=True).start()


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


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
