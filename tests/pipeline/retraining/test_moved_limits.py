"""A limit of `retention.tables` that moves: the next retraining lets go, and what is live stays."""

from datetime import UTC, date, datetime

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from killed import MODEL, Runner, one_model, restore
from pandas.testing import assert_frame_equal

from pipeline.forget.rows import is_parquet
from pipeline.live_tables import tables_folder
from pipeline.params import read_run
from pipeline.project import open_project
from pipeline.publish import promote
from pipeline.quality import read_quality
from pipeline.release import read_release
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

pytestmark = pytest.mark.nightly

TIMES = ("event_time", "available_time")


def limit(project, day):
    """Keep receipts and interactions from about a day on."""
    path = project / "params.yaml"
    params = yaml.safe_load(path.read_text())
    days = (datetime.now(UTC).date() - day).days
    params["retention"] = {"tables": {"transactions": days, "interactions": days}}
    path.write_text(yaml.safe_dump(params))


def oldest(folder):
    """Return when the oldest receipt or interaction was known, in any file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and is_parquet(path))
    names = ((path, {*pq.read_schema(path).names}) for path in files)
    limited = (path for path, own in names if own & {"line_id", "subject"} and {*TIMES} <= own)
    tables = (pq.read_table(path, columns=[*TIMES]).to_pandas() for path in limited)
    return min(rows.max(axis=1).min() for rows in tables)


def snapshots(project):
    """Return what customers looked like at each cut-off."""
    folders = sorted((project / "artifacts" / "snapshots" / "customer").glob("as_of=*"))
    return {
        folder.name: pd.concat([pd.read_parquet(path) for path in folder.glob("*.parquet")])
        for folder in folders
    }


def test_rows_that_grew_too_old_are_gone_as_if_they_had_never_come(tmp_path):
    data, project, fresh = (tmp_path / name for name in ("data", "project", "fresh"))
    until = date(2026, 11, 1)
    simulate(PRESETS["retail"], members=300, months=12, seed=1, until=until, to=data)
    one_model(project)
    restore(fresh, project)
    retrain = Runner(project, data, "retrain")
    retrain.complete(code=4)  # 300 members persuade no gate
    promote(open_project(project), MODEL, "1", clock=lambda: datetime.now(UTC), reason="a test")
    artifacts = project / "artifacts"
    assert oldest(artifacts).date() < date(2026, 1, 1)

    old_tables = tables_folder(artifacts)
    limit(project, date(2026, 2, 10))
    said = retrain.complete()
    since = read_run(project).kept_since["transactions"]
    first = pd.Timestamp(since, tz="Asia/Taipei")
    assert since == date(2026, 3, 1)
    assert "rows of dvc cache" in said
    assert read_release(artifacts).live(MODEL).version == "1"
    assert "scores are renewed" in " ".join(said.split())
    assert oldest(artifacts) >= first
    assert oldest(project / ".dvc" / "cache") >= first
    assert oldest(tables_folder(artifacts)) >= first
    assert old_tables.is_dir()  # who was reading them can read on
    (receipts,) = (
        one for one in read_quality(artifacts / "quality").tables if one.table == "transactions"
    )
    assert receipts.past_retention > 0.2 * receipts.read

    Runner(project, data).complete()
    limit(fresh, date(2026, 2, 10))
    Runner(fresh, data).complete(code=4)
    assert oldest(artifacts) >= first
    now, never = snapshots(project), snapshots(fresh)
    assert now.keys() == never.keys()
    for day, rows in now.items():
        assert_frame_equal(rows, never[day], rtol=1e-12)
