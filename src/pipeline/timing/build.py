"""Write the rows of every cut-off of a model of dates, and what followed."""

from datetime import date

from ibis import _

from features.supplies import category_days
from models.definition import TimingModel
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import file_digest
from pipeline.grain_store import Grains
from pipeline.labels import label_folder
from pipeline.project import Project
from pipeline.timing.cutoffs import TimingCutoffs
from pipeline.timing.rows import KEY, next_purchases, timing_rows


def build(
    project: Project,
    model: TimingModel,
    grains: Grains,
    cutoffs: TimingCutoffs,
    *,
    labelled: bool = True,
) -> None:
    """Write one folder a cut-off: its rows; where they were watched, `next_days` beside.

    Without `labelled`, only that of the scoring cut-off.
    """
    for as_of in (*(cutoffs.watched_until if labelled else ()), cutoffs.score):
        _build_one(project, model, grains, cutoffs, as_of)


def _build_one(
    project: Project, model: TimingModel, grains: Grains, cutoffs: TimingCutoffs, as_of: date
) -> None:
    connection = grains.connection
    rows = timing_rows(grains, as_of, categories=cutoffs.categories)
    until = cutoffs.watched_until.get(as_of)
    if until is not None:
        following = next_purchases(grains, as_of, until=until, known_before=cutoffs.score)
        rows = rows.left_join(following, KEY).drop(*(f"{name}_right" for name in KEY))
    newest = grains.rows(category_days).filter(_.available_on < as_of).available_on.max()
    with whole_folder(label_folder(project.artifacts, model.name, as_of)) as folder:
        part = folder / "part-0.parquet"
        connection.to_parquet(rows.order_by(KEY), part, compression="zstd")
        written = connection.read_parquet(part)
        write_json(
            folder / "manifest.json",
            {
                "model": model.name,
                "as_of": as_of,
                "label": model.label.name,
                "watched_until": until,
                "known_before": cutoffs.score,
                "newest": newest.to_pyarrow().as_py(),
                "rows": int(written.count().execute()),
                "positives": 0 if until is None else int(written.next_days.count().execute()),
                "files": {part.name: file_digest(part)},
            },
        )
