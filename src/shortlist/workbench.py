"""A project as a statistician sees it from a notebook."""

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.shown import Judged, Previewed, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    import optuna
    import pandas as pd

    from campaigns.effect.campaign import CampaignEffect
    from campaigns.effect.promotion import PromotionReport
    from features.definition import Unit
    from models.definition import AnyModel
    from pipeline.project import Project
    from shortlist.attempt import Attempt

#: Columns of a run that are shown, in this order, before its measures.
_RUN_COLUMNS = {
    "run_id": "run_id",
    "start_time": "started",
    "tags.mlflow.runName": "name",
    "tags.tried_in": "tried_in",
    "status": "status",
}


class Workbench:
    """A project: look at it, try models on it, preview lists. Nothing that is live changes.

    Parameters
    ----------
    folder : Path
        Holds `params.yaml` and `artifacts/`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def artifacts(self) -> Path:
        """Where everything that is produced lies."""
        return self.folder / "artifacts"

    @property
    def project(self) -> "Project":
        """The project as the pipeline sees it, read anew."""
        from pipeline.project import open_project

        return open_project(self.folder)

    @property
    def models(self) -> "pd.DataFrame":
        """What is live: a row a model with version, cut-off and number of rows scored."""
        import pandas as pd

        from pipeline.release import read_release
        from pipeline.score_set import read_score_set

        rows = []
        for name, live in read_release(self.artifacts).models.items():
            scores = read_score_set(self.artifacts, name, live.score_set)
            rows.append(
                {
                    "model": name,
                    "version": live.version,
                    "as_of": scores.as_of,
                    "customers": scores.customers,
                    "rows": scores.rows,
                }
            )
        columns = ["model", "version", "as_of", "customers", "rows"]
        return pd.DataFrame(rows, columns=columns).set_index("model")

    def events(self, name: str) -> "pd.DataFrame":
        """Return a table as authors of features see it: nobody can be identified in it.

        Raises
        ------
        ValueError
            If it was not delivered.
        """
        from pipeline.engine import engine
        from pipeline.events import read_events

        tables, zone = self.artifacts / "tables", self.project.params.time_zone
        with engine(self.artifacts, threads=1) as connection:
            found = read_events(connection, tables, time_zone=zone)
            if name not in found:
                raise ValueError(f"{name} was not delivered. There are {', '.join(sorted(found))}.")
            frame: pd.DataFrame = found[name].to_pandas()
        return frame

    def snapshot(self, as_of: date | str | None = None, *, unit: "Unit" = "customer") -> Snapshot:
        """Return a stored snapshot, the newest by default; `snapshots()` lists the cut-offs.

        Raises
        ------
        SnapshotError
            If there is none of that day.
        """
        from features.definition import KEYS
        from pipeline.engine import engine
        from pipeline.snapshot_store import read_snapshot

        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        day = day or max(self.snapshots(unit))
        with engine(self.artifacts, threads=1) as connection:
            rows = read_snapshot(connection, self.artifacts, unit, day)
            keys = [*KEYS[unit]]
            frame = rows.order_by(keys).to_pandas()
        names = [one for one in frame.columns if one not in (*keys, "as_of")]
        return Snapshot(day, unit, frame[[*keys, *names]])

    def snapshots(self, unit: "Unit" = "customer") -> list[date]:
        """Return the cut-offs of the stored snapshots, in time order."""
        folders = (self.artifacts / "snapshots" / unit).glob("as_of=*")
        return sorted(date.fromisoformat(one.name.removeprefix("as_of=")) for one in folders)

    def fit(self, model: "AnyModel | str") -> "Attempt":
        """Fit a model of customers in memory, as the line would; it need not be declared.

        Raises
        ------
        NotAnExperimentError
            If the model is not of customers.
        """
        from pipeline.experiments import fit_experiment
        from pipeline.experiments.rows import require_model
        from pipeline.project import find_model
        from shortlist.attempt import Attempt

        found = require_model(find_model(model) if isinstance(model, str) else model)
        project = self.project
        return Attempt(project, fit_experiment(project, found))

    def evaluation(self, model: str, version: str | None = None) -> Judged:
        """Return the stored evaluation of a version, the newest by default, of any kind of model.

        Raises
        ------
        NoEvaluationError
            If there is no version.
        """
        from pipeline.evaluation import NoEvaluationError
        from pipeline.versions import evaluation_of, versions

        known = versions(self.artifacts, model)
        if version is None and not known:
            raise NoEvaluationError(f"{model} has no version yet. `shortlist run` trains one.")
        return Judged(evaluation_of(self.artifacts, model, version or known[-1].number))

    def predictions(self, model: str) -> "pd.DataFrame":
        """Return what the newest training said of its untouched test rows, with the outcome."""
        import pandas as pd

        return pd.read_parquet(self.artifacts / "evaluations" / model / "predictions.parquet")

    def scores(self, model: str) -> "pd.DataFrame":
        """Return the live scores of a model."""
        import pandas as pd

        from pipeline.release import read_release
        from pipeline.score_set import parts, read_score_set

        live = read_release(self.artifacts).live(model)
        stored = read_score_set(self.artifacts, model, live.score_set)
        paths = parts(self.artifacts, stored)
        return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)

    def codes(self, coding: str) -> "pd.DataFrame":
        """Return what the values of a profile coding mean, as the newest snapshot uses it.

        Parameters
        ----------
        coding : str
            `affinity`, `demographic`, `psychographic`, `lifestyle` or `cluster`.

        Returns
        -------
        DataFrame
            By code: `en`, `zh_TW` and `description`.

        Raises
        ------
        ValueError
            If the newest snapshot has no such coding.
        """
        import pandas as pd

        from features.codings import CODED
        from pipeline.profiles import read_coding
        from pipeline.snapshot_store import read_manifest

        newest = max(self.snapshots())
        known = read_manifest(self.artifacts, "customer", newest)["codings"]
        if coding not in known:
            raise ValueError(f"{coding} is no coding of {newest}. There are {', '.join(known)}.")
        one = next(column.coding for column in CODED.values() if column.coding.name == coding)
        rows = [
            {
                "code": code.code,
                "en": code.label["en"],
                "zh_TW": code.label["zh-TW"],
                "description": code.description["en"],
            }
            for code in one.describe(read_coding(self.artifacts, coding, known[coding]))
        ]
        return pd.DataFrame(rows).set_index("code")

    def companions(self, product_id: str, **given: Any) -> "pd.DataFrame":
        """Return what is bought with a product, best first; see `shortlist companions`.

        Parameters
        ----------
        product_id : str
            The lead.
        **given
            As for `pipeline.companions.find_companions`: `lead_by`, `season`, `days`, ...
        """
        import pandas as pd

        from pipeline.companions import Companion, companions_of

        found = companions_of(self.project, product_id, **given).companions
        columns = list(Companion.model_fields)
        return pd.DataFrame([one.model_dump() for one in found], columns=columns)

    def preview(self, spec: Mapping[str, Any]) -> Previewed:
        """Count a list without building it; `docs/lists.md` says what may be asked for."""
        from campaigns.desk import Desk
        from campaigns.list_spec import ListSpec
        from campaigns.preview import preview
        from pipeline.release import read_release
        from serving.settings import read_settings
        from shortlist.operations import now

        wanted = ListSpec.model_validate(dict(spec))
        share = read_settings(self.artifacts).global_control_share
        with self._state() as state, Desk(self.artifacts) as desk:
            release = read_release(self.artifacts)
            found = preview(wanted, release, desk=desk, state=state, at=now(), global_control=share)
        return Previewed(found, self.project.params.currency)

    def effect(self, name: str) -> "CampaignEffect | PromotionReport":
        """Tell what a campaign changed, or a promotion added; see `shortlist effect`."""
        from campaigns.effect.told import tell_effect
        from models.promotion_lift import promotion_lift

        return tell_effect(self.project, name, promotion_lift)

    def runs(self, model: str) -> "pd.DataFrame":
        """Return the runs of a model that MLflow knows, the newest first, with their measures."""
        from pipeline.registry import quiet_mlflow, track_in

        mlflow = quiet_mlflow()
        track_in(self.artifacts, mlflow)
        found: pd.DataFrame = mlflow.search_runs(experiment_names=[model])
        own = {old: new for old, new in _RUN_COLUMNS.items() if old in found}
        measures = sorted(one for one in map(str, found) if one.startswith("metrics."))
        shown = found[[*own, *measures]].rename(columns=own)
        return shown.rename(columns={one: one.removeprefix("metrics.") for one in measures})

    def study(self, model: str) -> "optuna.Study":
        """Open the newest Optuna study of a model that `shortlist tune` has begun.

        Raises
        ------
        ValueError
            If there is none.
        """
        import optuna

        from pipeline.tune import study_storage
        from pipeline.tuning import tuning_folder

        folder = tuning_folder(self.artifacts, model)
        if not (folder / "study.db").exists():
            raise ValueError(f"{model} was never tuned. `shortlist tune {model}` begins a study.")
        storage = study_storage(folder)
        newest = storage.get_all_studies()[-1]
        return optuna.load_study(study_name=newest.study_name, storage=storage)

    @contextmanager
    def _state(self) -> "Iterator[Any]":
        from campaigns.state.database import open_state
        from serving.settings import read_settings

        settings = read_settings(self.artifacts)
        state = open_state(settings.artifacts, settings.state_url)
        try:
            yield state
        finally:
            state.dispose()

    def _repr_html_(self) -> str:
        from shortlist import html

        live = self.models.reset_index()
        return html.paragraph(
            f"Project {self.folder.name}: what is live", strong=True
        ) + html.table(
            [str(one) for one in live.columns],
            [[_told(one) for one in row] for row in live.itertuples(index=False)],
        )


def _told(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
