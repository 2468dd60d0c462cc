"""What one more day costs over the same chain of shops, against building everything.

Run `python benchmarks/incremental_day.py --customers 20000 --record`. Tables are drawn as for
`feature_catalogue.py`; the stages are those of a run, each in a process of its own. A day that
trains nothing scores the newest data; a day that trains every model lays all cut-offs anew.
"""

import argparse
import json
import multiprocessing
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml
from feature_catalogue import AS_OF, Step, draw, timed
from kept_grains import one_day_later
from record import record, table

from pipeline.fingerprint import code_digest
from pipeline.ingest import main as ingest
from pipeline.params import Run
from pipeline.project import open_project
from pipeline.snapshot import build
from pipeline.validate import main as validate

TITLE = "What an incremental day costs"
MODELS = ("customer_activity", "purchase_propensity", "repurchase_timing")
STAGES = {"ingest": ingest, "validate": validate, "snapshot": lambda f: build(open_project(f))}


def main() -> None:
    """Draw, build, build again with one more day, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = Path(folder)
        before, after = root / "before", root / "after"
        draw(before, options.customers, options.lines_each)
        one_day_later(before, after)
        rows = []
        project, laid_from = root / "project", {}
        for name, data, is_trained in (
            ("everything", before, True),
            ("one more day, nothing trained", after, False),
            ("the same day again", after, False),
            ("one more day, everything trained", after, True),
        ):
            if name == options.until:
                break
            settle(project, data, {} if is_trained else laid_from)
            rows.append((name, [_apart(project, stage) for stage in STAGES]))
            laid_from = laid_from or _laid(project)
            print(name, *rows[-1][1], flush=True)
    body = _body(options.customers, options.customers * options.lines_each, rows)
    print(body)
    if options.record:
        record("incremental_day", TITLE, body, packages=("duckdb", "ibis-framework"))


def settle(project: Path, data: Path, laid_from: dict[str, date]) -> None:
    """Write what a run would write before its stages."""
    (project / "artifacts").mkdir(parents=True, exist_ok=True)
    params = {"time_zone": "UTC", "currency": "TWD", "models": {name: {} for name in MODELS}}
    (project / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run = Run(
        data=str(data),
        fingerprint=data.name,
        code=code_digest("features"),
        laid_from=laid_from,
        requested_at=datetime.combine(AS_OF + timedelta(days=2), datetime.min.time(), UTC),
    )
    text = yaml.safe_dump(run.model_dump(mode="json"))
    (project / "artifacts" / "run.yaml").write_text(text, encoding="utf-8")


def _laid(project: Path) -> dict[str, date]:
    """Return the scoring cut-off that each model was laid from."""
    laid = json.loads((project / "artifacts" / "cutoffs.json").read_text(encoding="utf-8"))
    return {name: date.fromisoformat(one["score"]) for name, one in laid.items() if "score" in one}


def _apart(project: Path, stage: str) -> Step:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (project, stage))


def _timed(project: Path, stage: str) -> Step:
    return timed(stage, lambda: STAGES[stage](project))


def _body(customers: int, lines: int, rows: list[tuple[str, list[Step]]]) -> str:
    whole = sum(step.cpu for step in rows[0][1])
    cells = [
        [
            name,
            *(f"{step.wall:.0f} / {step.cpu:.1f}" for step in steps),
            f"{sum(step.cpu for step in steps):.1f} ({sum(s.cpu for s in steps) / whole:.1%})",
        ]
        for name, steps in rows
    ]
    head = ["run", *(f"{stage}: wall / processor, s" for stage in STAGES), "processor, s"]
    return f"""
{customers:,} customers, {lines:,} receipt lines of three years, {len(MODELS)} models, without
those that such data cannot teach; the stages before training. Shares are of the processor's
seconds of everything.

{table(head, cells)}
"""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--until", default="", help="Stop before the run of this name.")
    parser.add_argument("--record", action="store_true", help="Write docs/benchmarks.md.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
