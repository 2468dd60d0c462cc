"""The rows of an experiment: stored snapshots, what they lack, and labels made anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from features.catalogue import catalogue
from features.definition import KEYS, Coded, Feature
from models.definition import AnyModel, Model
from pipeline.customers.plan import plan
from pipeline.cutoffs import Cutoffs
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.examples import Examples, NoExamplesError
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.labels import eligible_rows, label_table
from pipeline.left_out import LeftOutError
from pipeline.params import ModelParams
from pipeline.plan import scoring_cutoff, span_of
from pipeline.project import Project, outcome_window
from pipeline.snapshot_store import SnapshotError, read_manifest, read_snapshot
from pipeline.snapshot_table import seen, snapshot_table

#: Into how many parts customers are dealt when some of them are drawn.
_PARTS = 1_000_000


class NotAnExperimentError(ValueError):
    """A model is not of the kind that is tried out in memory."""


@dataclass(frozen=True)
class Roles:
    """Rows of one model at its cut-offs.

    Attributes
    ----------
    cutoffs : Cutoffs
        What trains, tunes, calibrates, tests and scores, in time order.
    learning : mapping of str to Examples
        `train`, `tune` and `calibrate`.
    test : Examples
        The untouched rows.
    beside : DataFrame of shape (n_test_rows, n_columns)
        Columns of the test rows that were asked for beside those of the model.
    scored : DataFrame of shape (n_rows, n_keys + n_features)
        Who would be scored, at the scoring cut-off.
    """

    cutoffs: Cutoffs
    learning: Mapping[str, Examples]
    test: Examples
    beside: pd.DataFrame
    scored: pd.DataFrame


def with_model(project: Project, model: Model) -> Project:
    """Return a project that has parameters for a model that its `params.yaml` does not name."""
    if model.name in project.params.models:
        return project
    named = {**project.params.models, model.name: ModelParams()}
    return project._replace(params=project.params.model_copy(update={"models": named}))


def require_model(model: AnyModel) -> Model:
    """Return a model of customers.

    Raises
    ------
    NotAnExperimentError
        If it is of another kind.
    """
    if isinstance(model, Model):
        return model
    raise NotAnExperimentError(
        f"{model.name} is a {type(model).__name__}, and only a Model (a row is a customer) is "
        f"tried out in memory. `shortlist train {model.name}` trains it without releasing it."
    )


def read_roles(project: Project, model: Model, *, beside: Sequence[str] = ()) -> Roles:
    """Read the rows of a model that need not be declared anywhere.

    Columns come from the stored snapshots; what these lack, such as a feature of a notebook,
    is computed from the same grains with the same cut. Labels are made anew.

    Parameters
    ----------
    project : Project
        Whose tables and snapshots to use.
    model : Model
        What is tried out.
    beside : sequence of str
        Further columns of the test rows.

    Raises
    ------
    LeftOutError
        If the data cannot teach the model.
    NoExamplesError
        If a role has no row, or all its labels are the same.
    """
    project = with_model(project, model)
    artifacts = project.artifacts
    with engine(artifacts, threads=1) as connection:
        events = read_events(connection, artifacts / "tables", time_zone=project.params.time_zone)
        grains = Grains(connection, events, keep=artifacts / KEPT_GRAINS)
        span = span_of(events)
        cutoffs = plan(project, model, grains, span, scoring_cutoff(project.run.as_of, span))
        if isinstance(cutoffs, str):
            raise LeftOutError(f"{model.name} is left out: {cutoffs}")
        reader = _Reader(project, model, connection, grains, cutoffs)
        names = [one.name for one in model.features]
        learning = {
            "train": reader.examples(cutoffs.train, names, thinned=True),
            "tune": reader.examples([cutoffs.tune], names),
            "calibrate": reader.examples([cutoffs.calibrate], names),
        }
        extra = [name for name in beside if name not in names]
        test = reader.examples([cutoffs.test], [*names, *extra])
        scored = reader.eligible(cutoffs.score, names)
    own = [name for name in test.X if name not in extra]
    return Roles(cutoffs, learning, test._replace(X=test.X[own]), test.X, scored)


class _Reader:
    """Reads rows of a model at any cut-off."""

    def __init__(
        self,
        project: Project,
        model: Model,
        connection: Backend,
        grains: Grains,
        cutoffs: Cutoffs,
    ) -> None:
        self._project, self._model, self._cutoffs = project, model, cutoffs
        self._connection, self._grains = connection, grains
        self._keys = list(KEYS[model.unit])
        self._snapshots: dict[date, ir.Table] = {}

    def snapshot(self, as_of: date) -> ir.Table:
        """Return who was known at a cut-off with every column that the model may ask for."""
        if as_of not in self._snapshots:
            self._snapshots[as_of] = self._put_together(as_of)
        return self._snapshots[as_of]

    def _put_together(self, as_of: date) -> ir.Table:
        artifacts, model = self._project.artifacts, self._model
        asked = {one.name: one for one in self._asked() if isinstance(one, Feature)}
        try:
            read_manifest(artifacts, model.unit, as_of)
            stored = read_snapshot(self._connection, artifacts, model.unit, as_of)
        except SnapshotError:
            self._refuse_coded(as_of)
            return self._computed({**catalogue("customer", "time"), **asked}, as_of)
        lacking = {name: one for name, one in asked.items() if self._is_new(name, one, stored)}
        if not lacking:
            return stored
        added = self._computed(lacking, as_of).drop("as_of")
        kept = stored.drop(*(name for name in lacking if name in stored.columns))
        return kept.left_join(added, self._keys, rname="{name}_added").drop(
            *(f"{key}_added" for key in self._keys)
        )

    def eligible(self, as_of: date, names: Sequence[str]) -> pd.DataFrame:
        """Return the eligible rows of a cut-off by key, with those columns that there are."""
        rows = eligible_rows(self.snapshot(as_of), self._model)
        frame: pd.DataFrame = (
            rows.select(*self._keys, *(n for n in names if n in rows.columns))
            .order_by(self._keys)
            .to_pandas()
        )
        return frame

    def examples(
        self, days: Sequence[date], names: Sequence[str], *, thinned: bool = False
    ) -> Examples:
        """Return labelled rows of some cut-offs; `thinned` as the model's sampling says."""
        frames = [self._labelled(day, names) for day in days]
        rate = self._keep_rate(frames) if thinned else 1.0
        rows = pd.concat(
            [_thinned(f, day, rate) for f, day in zip(frames, days, strict=True)],
            ignore_index=True,
        )
        y = rows.pop("label").to_numpy(dtype=np.int8)
        if len(np.unique(y)) < 2:  # noqa: PLR2004 - a yes and a no
            raise NoExamplesError(
                f"{self._model.name}: {len(y):,} eligible rows at {days[0]} to {days[-1]}, "
                f"{int(y.sum()):,} of them with the outcome. Learning needs some of both: deliver "
                "more history, or lengthen horizon_days."
            )
        return Examples(rows[self._keys], rows.drop(columns=self._keys), y, np.full(len(y), rate))

    def _labelled(self, day: date, names: Sequence[str]) -> pd.DataFrame:
        window = outcome_window(self._model, self._project.params.models[self._model.name])
        snapshot = self.snapshot(day)
        labels = label_table(
            self._grains,
            self._model,
            snapshot=snapshot,
            as_of=day,
            gap_days=window.gap_days,
            horizon_days=window.horizon_days,
            known_before=self._cutoffs.score,
        ).to_pandas()
        return self.eligible(day, names).merge(labels[[*self._keys, "label"]], on=self._keys)

    def _keep_rate(self, frames: Sequence[pd.DataFrame]) -> float:
        if self._model.sampling is None:
            return 1.0
        return self._model.sampling.keep_rate(
            rows=sum(len(one) for one in frames),
            positives=sum(int(one["label"].sum()) for one in frames),
        )

    def _asked(self) -> list[Feature | Coded]:
        baselines = (one for baseline in self._model.baselines for one in baseline.features)
        found = list(dict.fromkeys((*self._model.features, *baselines)))
        return [one for one in found if isinstance(one, Coded) or not self._grains.missing(one)]

    def _is_new(self, name: str, one: Feature, stored: ir.Table) -> bool:
        """Tell whether a feature is not the one of that name in the stored snapshot."""
        return name not in stored.columns or catalogue("customer", "time").get(name) is not one

    def _computed(self, features: Mapping[str, Feature], as_of: date) -> ir.Table:
        available = self._grains.deliverable(features.values())
        with seen(self._grains, [as_of]) as at:
            rows = snapshot_table(at, features=available, unit=self._model.unit)
            frame = rows.order_by(self._keys).to_pyarrow()
        return self._connection.create_table(f"experiment_{as_of:%Y%m%d}", frame, temp=True)

    def _refuse_coded(self, as_of: date) -> None:
        coded = [one.name for one in self._model.features if isinstance(one, Coded)]
        if coded:
            raise SnapshotError(
                f"{', '.join(coded)} are codings, and no snapshot of {as_of} holds them. Use the "
                "gap_days and horizon_days of a model of params.yaml, or name this one there."
            )


def _thinned(frame: pd.DataFrame, day: date, rate: float) -> pd.DataFrame:
    """Keep every row with the outcome, and of the others so many, drawn by a hash."""
    if rate >= 1:
        return frame
    drawn = pd.util.hash_pandas_object(
        frame["customer_id"] + day.isoformat(), index=False
    ).to_numpy()
    return frame[(frame["label"] == 1) | (drawn % _PARTS < rate * _PARTS)]
