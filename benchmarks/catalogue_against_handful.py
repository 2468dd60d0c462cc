"""The whole catalogue against a handful of features, for who buys again on Online Retail.

Run `python benchmarks/catalogue_against_handful.py`. `shortlist train` builds snapshots and labels;
the handful are the features that `customer_activity` declares. All are trained as the pipeline
trains, with the same seed, and judged on the same untouched snapshot.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from time import process_time

from fewer import fewer_customers
from record import data_file, record, table

from features.catalogue import catalogue
from features.codings import CODED
from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count,
    order_count_within,
    purchase_days_count,
)
from features.money import (
    mean_order_amount,
    mean_order_lines_count,
    spend_amount,
    spend_amount_within,
)
from features.recency import days_since_first_purchase, days_since_last_purchase, tenure_days
from features.rhythm import (
    elapsed_over_longest_gap_ratio,
    gap_deviation_days,
    gap_variation_ratio,
    last_gap_days,
    longest_gap_days,
    overdue_score,
)
from models.customer_activity import customer_activity
from models.definition import Model
from models.measures import lift_at, log_loss, roc_auc
from models.measures.bootstrap import Resample
from pipeline.customers.train import fit
from pipeline.engine import engine
from pipeline.examples import read_examples
from pipeline.project import read_cutoffs

ROOT = Path(__file__).parent.parent
HANDFUL = (
    days_since_last_purchase,
    days_since_first_purchase,
    tenure_days,
    order_count,
    *order_count_within.values(),
    purchase_days_count,
    mean_gap_days,
    elapsed_over_mean_gap_ratio,
    spend_amount,
    *spend_amount_within.values(),
    mean_order_amount,
    mean_order_lines_count,
)
RHYTHM = (
    overdue_score,
    gap_deviation_days,
    gap_variation_ratio,
    last_gap_days,
    longest_gap_days,
    elapsed_over_longest_gap_ratio,
)
MEASURES = {
    "AUC": roc_auc,
    "log loss": log_loss,
    "lift at 10 %": partial(lift_at, share=0.1),
}
SEED = 20240401


def main() -> None:
    """Build, train both, compare, record."""
    whole = tuple(catalogue("customer", "time").values())
    sides = {
        "handful": replace(customer_activity, features=HANDFUL),
        "handful and rhythm": replace(customer_activity, features=(*HANDFUL, *RHYTHM)),
        "whole catalogue": replace(customer_activity, features=whole),
        "whole catalogue and codings": replace(
            customer_activity, features=(*whole, *CODED.values())
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        artifacts = _built(Path(folder))
        cutoffs = read_cutoffs(artifacts, "customer_activity")
        days = [*cutoffs.train, cutoffs.tune, cutoffs.calibrate, cutoffs.test]
        sections = [_judged(artifacts, days, sides), _judged(artifacts, days[:-1], sides)]
    body = f"""
Learned as the pipeline learns, and judged on the test snapshot; then all of it once more one
snapshot earlier, where what was found should hold again. Differences are paired, resampled by
customer (1,000 draws, 95 %): above 0 is better for AUC and lift, below 0 for log loss. Columns that
the data cannot fill (demography, categories, stores) are left out by the pipeline.

{"".join(sections)}
"""
    record(
        "catalogue_against_handful",
        "The whole catalogue against a handful of features",
        body,
        packages=("lightgbm", "pandas", "numpy"),
    )


def _judged(artifacts: Path, days: Sequence[date], sides: Mapping[str, Model]) -> str:
    """Return a table: each side judged on the last day, having learned from those before."""
    *learning, tune, calibrate, judged = days
    scores, costs, columns = {}, {}, {}
    with engine(artifacts) as connection:
        for name, model in sides.items():
            train, tuned, calibrated, test = (
                read_examples(connection, artifacts, model, of)
                for of in (learning, [tune], [calibrate], [judged])
            )
            begun = process_time()
            learner = fit(model, train=train, tune=tuned, calibrate=calibrated, seed=SEED)
            costs[name] = process_time() - begun
            scores[name] = learner.predict_proba(test.X)[:, 1]
            columns[name] = test.X.shape[1]
    resample = Resample(test.y, groups=test.keys["customer_id"], seed=SEED)
    return f"""
{len(test.y):,} customers with a purchase before {judged}, {int(test.y.sum()):,} of whom bought in
the 90 days that followed; learned from {len(days) - 1} earlier cut-offs.

{table(_HEADINGS, [_line(n, resample, scores, columns, costs) for n in sides])}
"""


_HEADINGS = ["features", "columns", *(
    heading for name in MEASURES for heading in (name, "minus handful")
), "fit, s of all cores"]  # fmt: skip


def _line(name: str, resample: Resample, scores: dict, columns: dict, costs: dict) -> list[str]:
    cells = [name, str(columns[name])]
    for measure in MEASURES.values():
        function, options = (
            (measure.func, measure.keywords) if isinstance(measure, partial) else (measure, {})
        )
        own = resample.estimate(function, scores[name], **options)
        cells.append(f"{own.value:.4f} ({own.low:.4f} to {own.high:.4f})")
        if name == "handful":
            cells.append("")
        else:
            gap = resample.difference(function, scores[name], scores["handful"], **options)
            cells.append(f"{gap.value:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})")
    return [*cells, f"{costs[name]:.0f}"]


def _built(folder: Path) -> Path:
    """Return the artefacts of a run on Online Retail."""
    shortlist = [sys.executable, "-m", "shortlist"]
    source = data_file("online_retail_2009-2011.parquet")
    data, project = folder / "data", folder / "project"
    project.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, project / name)
    run = partial(subprocess.run, check=True, stdout=sys.stderr)
    run([*shortlist, "import", "online-retail", str(source), "--to", str(data)])
    fewer_customers(data)
    run([*shortlist, "train", "customer_activity", "--project", str(project), "--data", str(data),
         "--as-of", "2011-11-30"])  # fmt: skip
    return project / "artifacts"


if __name__ == "__main__":
    main()
