"""Fit the codings once on the past, keep them by version, and apply them at every cut-off."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
from ibis.backends.duckdb import Backend

from features.codings import CODINGS
from features.codings.cluster import stability
from features.codings.frames import ENOUGH
from features.definition import Coding, Fitted, Known
from features.grains import memberships
from features.views import tastes
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import digest, file_digest, function_code
from pipeline.grain_store import Grains
from pipeline.snapshot_store import read_manifest, read_snapshot, snapshot_folder
from pipeline.snapshot_table import Seen, seen

if TYPE_CHECKING:
    import pandas as pd


class CodingError(ValueError):
    """A coding was not fitted yet."""


class Profiles(NamedTuple):
    """The version of each coding, and the cut-offs at which they were applied anew."""

    versions: dict[str, str]
    built: tuple[date, ...]


def coding_folder(artifacts: Path, name: str, version: str) -> Path:
    """Return where a version of a coding lies."""
    return artifacts / "codings" / name / version


def profile_folder(artifacts: Path, as_of: date) -> Path:
    """Return where the codes of all customers at a cut-off lie."""
    return artifacts / "snapshots" / "profile" / f"as_of={as_of.isoformat()}"


def build_profiles(
    connection: Backend,
    grains: Grains,
    *,
    cutoffs: Sequence[date],
    fit_at: date,
    artifacts: Path,
    seed: int,
) -> Profiles:
    """Fit what is missing on one cut-off, and apply all codings at the others.

    A coding is fitted again only if its code, its seed or the snapshot it learned from
    changed; a cut-off is coded again only if a coding or its own snapshot did.

    Parameters
    ----------
    connection : Backend
        Engine that holds the grains.
    grains : Grains
        Rows to count.
    cutoffs : sequence of date
        Cut-offs whose customer snapshots were built.
    fit_at : date
        The earliest training cut-off: nothing later may teach a coding.
    artifacts : Path
        Root of the artefacts.
    seed : int
        For what starts at random.

    Notes
    -----
    The manifest of the newest cut-off says in `stability` whether the segments would come out
    the same if they were fitted there: the adjusted Rand index, 1 for the same.
    """
    learned_from = read_manifest(artifacts, "customer", fit_at)["version"]
    versions = {
        one.name: digest(_code(one), seed, fit_at, learned_from) for one in CODINGS.values()
    }
    if "products" not in grains.delivered:
        return Profiles({}, ())
    days = sorted(set(cutoffs))
    missing = [day for day in days if not _is_current(artifacts, day, versions)]
    unfitted = [
        name
        for name, version in versions.items()
        if not (coding_folder(artifacts, name, version) / "manifest.json").exists()
    ]
    if missing or unfitted:
        with _looking(grains, artifacts) as look:
            if unfitted:
                learned = look.sample(fit_at)
                for name in unfitted:
                    to = coding_folder(artifacts, name, versions[name])
                    _fit(CODINGS[name], learned, to, fit_at=fit_at, seed=seed)
            for day in missing:
                survives = None
                if day == days[-1] and day != fit_at:
                    survives = _stability(artifacts, versions["cluster"], look.sample(day), seed)
                manifest = {
                    "as_of": day,
                    "snapshot": read_manifest(artifacts, "customer", day)["version"],
                    "codings": versions,
                    "stability": survives,
                }
                _apply(connection, look, artifacts, manifest=manifest)
    return Profiles(versions, tuple(missing))


def read_coding(artifacts: Path, name: str, version: str) -> Fitted:
    """Return what a version of a coding learned.

    Raises
    ------
    CodingError
        If there is no such version.
    """
    path = coding_folder(artifacts, name, version) / "fitted.json"
    if not path.exists():
        raise CodingError(f"{name} has no version {version}. `shortlist run` fits the codings.")
    found: Fitted = json.loads(path.read_text(encoding="utf-8"))
    return found


def _fit(coding: Coding, known: Known, to: Path, *, fit_at: date, seed: int) -> None:
    fitted = coding.fit(known, seed)
    with whole_folder(to) as folder:
        write_json(folder / "fitted.json", fitted)
        write_json(
            folder / "manifest.json",
            {
                "coding": coding.name,
                "label": coding.label,
                "version": to.name,
                "fitted_at": fit_at,
                "seed": seed,
                "codes": [code._asdict() for code in coding.describe(fitted)],
                "files": {"fitted.json": file_digest(folder / "fitted.json")},
            },
        )


class _Look:
    """What codings may look at, a block of customers at a time."""

    def __init__(self, grains: Grains, artifacts: Path, at: Seen) -> None:
        self.blocks = grains.blocks
        self._connection = grains.connection
        self._artifacts = artifacts
        self._at = at

    def known(self, day: date, block: int) -> Known:
        """Return one block of customers at a cut-off."""
        self._at.look([day], block=block)
        snapshot = read_snapshot(self._connection, self._artifacts, "customer", day)
        members = self._at.rows(memberships).select("customer_id")
        return Known(snapshot.semi_join(members, "customer_id"), self._at.rows(tastes))

    def sample(self, day: date) -> Known:
        """Return as many blocks as hold enough customers to learn from; they are random."""
        parts: list[Known] = []
        number = 0
        for block in range(self.blocks):
            known = self.known(day, block)
            if self.blocks == 1:
                return known
            tables = (
                self._connection.create_table(f"learned_{name}_{block}", rows, temp=True,
                                              overwrite=True)
                for name, rows in known._asdict().items()
            )  # fmt: skip
            parts.append(Known(*tables))
            number += int(parts[-1].customers.count().execute())
            if number >= ENOUGH:
                break
        return Known(*(ibis.union(*rows) if len(rows) > 1 else rows[0]
                       for rows in zip(*parts, strict=True)))  # fmt: skip


@contextmanager
def _looking(grains: Grains, artifacts: Path) -> Iterator[_Look]:
    with seen(grains, [date.min]) as at:
        at.rows(memberships)
        at.rows(tastes)
        yield _Look(grains, artifacts, at)


def _apply(
    connection: Backend, look: _Look, artifacts: Path, *, manifest: Mapping[str, Any]
) -> None:
    day, versions = manifest["as_of"], manifest["codings"]
    fitted = {name: read_coding(artifacts, name, version) for name, version in versions.items()}
    sizes: dict[str, Counter[str]] = {name: Counter() for name in versions}
    with whole_folder(profile_folder(artifacts, day)) as folder:
        for block in range(look.blocks):
            coded = _coded(fitted, look.known(day, block))
            texts = {"customer_id", *versions}
            schema = {name: "string" if name in texts else "float64" for name in coded.columns}
            rows = ibis.memtable(coded.astype(object).where(coded.notna(), None), schema=schema)
            connection.to_parquet(
                rows.mutate(as_of=ibis.literal(day)).order_by("customer_id"),
                folder / f"part-{block}.parquet",
                compression="zstd",
            )
            for name, counted in sizes.items():
                counted.update(coded[name].tolist())
        write_json(
            folder / "manifest.json",
            {
                **manifest,
                "rows": sum(sizes["cluster"].values()),
                "sizes": sizes,
                "files": {part.name: file_digest(part) for part in sorted(folder.iterdir())},
            },
        )


def _coded(fitted: Mapping[str, Fitted], known: Known) -> "pd.DataFrame":
    import pandas as pd

    applied = [CODINGS[name].apply(one, known) for name, one in fitted.items()]
    return pd.concat(applied, axis=1).reset_index()


def _stability(artifacts: Path, version: str, known: Known, seed: int) -> float:
    """Return how alike the segments in use are to those that a fit of today would find."""
    cluster = CODINGS["cluster"]
    in_use = read_coding(artifacts, "cluster", version)
    return stability(in_use, cluster.fit(known, seed), known)


def _is_current(artifacts: Path, day: date, versions: Mapping[str, str]) -> bool:
    path = profile_folder(artifacts, day) / "manifest.json"
    if not path.exists():
        return False
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    snapshot = snapshot_folder(artifacts, "customer", day)
    return bool(
        manifest["codings"] == dict(versions)
        and snapshot.exists()
        and manifest["snapshot"] == read_manifest(artifacts, "customer", day)["version"]
    )


def _code(coding: Coding) -> list[str]:
    parts = (coding.fit, coding.apply, coding.describe)
    return [line for part in parts for line in function_code(part)]
