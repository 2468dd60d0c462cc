"""What it costs to find and score what a million members may buy of 20,000 products.

    python benchmarks/purchase_cost.py                                  # under an hour
    python benchmarks/purchase_cost.py --members 50000 --keep FOLDER    # records nothing

The state is written as such and a model of 300 trees is trained on a sample of it; then
`pipeline.pairs.score.score` runs in a process of its own, once for each number of members.
"""

import argparse
import cProfile
import multiprocessing
import pstats
import resource
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pairs.state import AS_OF, PART, PURCHASES, finish, linked, write_members, write_products
from record import record, sized, table

from models.purchase_propensity import purchase_propensity
from pipeline.durable import write_json
from pipeline.engine import engine
from pipeline.pairs.candidates import MOST, candidates
from pipeline.pairs.evaluate import load_learner
from pipeline.pairs.levels import LAUNCHED, SOLD
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment, moments
from pipeline.pairs.one_product import about_product
from pipeline.pairs.score import score
from pipeline.pairs.targets import BLOCK_CUSTOMERS, column_of, targets
from pipeline.project import Project, open_project, write_cutoffs
from pipeline.run import make_project

MEMBERS, PRODUCTS = sized((1_000_000, 20_000), small=(40_000, 2_000))
SHARES = (0.25, 0.5, 1.0)
_SAMPLE, _BLOCK = 1_000, 500_000
_VERSION = "1"
#: Most candidates by each route; with 30 that are popular about 100 of each member.
CANDIDATES = {"own": 30, "together": 50, "alike": 10, "successor": 5}


def project_at(folder: Path) -> Path:
    """Make a project whose state is to be scored."""
    folder.mkdir(parents=True, exist_ok=True)
    make_project(folder)
    artifacts = folder / "artifacts"
    artifacts.mkdir(exist_ok=True)
    run = {"data": "synthetic", "fingerprint": "synthetic", "requested_at": "2026-06-01T00:00:00Z"}
    (artifacts / "run.yaml").write_text(yaml.safe_dump(run), encoding="utf-8")
    roles = dict.fromkeys(("tune", "calibrate", "test", "score"), AS_OF)
    plan = Plan({"train": [AS_OF], **roles})
    write_cutoffs(artifacts, {purchase_propensity.name: plan})
    return artifacts


class Plan(dict[str, Any]):
    """Cut-offs, all on one day."""

    def _asdict(self) -> dict[str, Any]:
        return dict(self)


def write_model(project: Project) -> None:
    """Train on candidates of some members, of which those near to what is held are bought."""
    model = purchase_propensity
    random = np.random.default_rng(0)
    with engine(project.artifacts, threads=1) as connection:
        moment = _moment(connection, project)
        some = np.sort(random.choice(len(moment.customers), size=_SAMPLE, replace=False))
        found = candidates(moment, model, some)
        X = features_of(connection, moment, model, found.customer, found.product)
    pull = X["together_pull_score"].rank(pct=True) + X["likeness_pull_score"].rank(pct=True)
    chance = 0.1 * (pull / 2) ** 3 * random.gamma(1, 1, len(X))
    y = (random.random(len(X)) < chance).astype(np.int8)
    half = len(X) // 2
    learner = model.learner(0)
    learner.fit(X[:half], y[:half], X_cal=X[half:], y_cal=y[half:])
    version = project.artifacts / "versions" / model.name / _VERSION
    (version / "learner").mkdir(parents=True)
    learner.save(version / "learner")
    (version / "version.json").touch()
    level = {"ratio": 1.0, "spread": 0.3, "products": 30}
    write_json(version / "levels.json", dict.fromkeys((SOLD, LAUNCHED), level))


def all_members(folder: Path) -> dict[str, float]:
    """Write the score set of a project."""
    MOST.update(CANDIDATES)
    scores = score(
        open_project(folder), purchase_propensity, _VERSION, clock=lambda: datetime.now(UTC)
    )
    return {"rows": scores.rows, "members": scores.base}


def one_product(folder: Path) -> dict[str, float]:
    """Rank all members for one product; return what the bare model takes of that."""
    MOST.update(CANDIDATES)
    project, model = open_project(folder), purchase_propensity
    learner = load_learner(model, project.artifacts / "versions" / model.name / _VERSION)
    with engine(project.artifacts, threads=1) as connection:
        moment = _moment(connection, project)
        some = np.arange(0, len(moment.customers), max(1, len(moment.customers) // _SAMPLE))
        each = len(candidates(moment, model, some).customer) / len(some)
        place = int(
            np.argmax(np.bincount(moment.held.product, weights=moment.on_sale[moment.held.product]))
        )
        bare = plain = 0.0
        with about_product(connection, moment, place) as near:
            for start in range(0, len(moment.customers), BLOCK_CUSTOMERS):
                who = np.arange(start, min(start + BLOCK_CUSTOMERS, len(moment.customers)))
                what = np.full(len(who), place, dtype=np.int32)
                X = features_of(connection, near, model, who, what)
                if not start:
                    learner.predict_proba(X)
                began = time.process_time()
                learner.predict_proba(X)
                bare += time.process_time() - began
                began = time.process_time()
                by_lightgbm(learner, X)
                plain += time.process_time() - began
        del X
        began = time.process_time()
        for _part in column_of(connection, moment, model, learner, place):
            pass
        column = time.process_time() - began
        product = str(moment.products[place])
        del moment
    began = time.process_time()
    targets(project, model, _VERSION, product_id=product)
    whole = time.process_time() - began
    return {
        "predict_s": bare,
        "lightgbm_s": plain,
        "column_s": column,
        "targets_s": whole,
        "each": each,
    }


def by_lightgbm(learner: Any, X: pd.DataFrame) -> np.ndarray:
    """Return log-odds before calibration, summed by LightGBM itself."""
    matrix = learner.pooled_.encoder_.transform(X)
    total = np.zeros(len(matrix))
    for booster in learner.pooled_.trees_.boosters:
        total += booster.predict(matrix, raw_score=True, num_threads=1)
    return total


def _moment(connection: Any, project: Project) -> Moment:
    (moment,) = moments(connection, project, purchase_propensity, [AS_OF])
    return moment


JOBS: dict[str, Callable[[Path], dict[str, float]]] = {"all": all_members, "one": one_product}


def in_its_own_process(job: str, folder: Path) -> dict[str, float]:
    """Run a job; return what it says, its seconds, and its peak memory."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(job, folder, send))
    process.start()
    found: dict[str, float] = receive.recv()
    process.join()
    return found


def _measured(job: str, folder: Path, send: Any) -> None:
    wall = time.perf_counter()
    profile = cProfile.Profile()
    said = profile.runcall(JOBS[job], folder)
    pstats.Stats(profile).sort_stats("cumulative").dump_stats(folder / f"{job}.prof")
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.perf_counter() - wall,
        "peak_gib": peak_gib(),
    }
    send.send({**said, **measured})


def peak_gib() -> float:
    """Return the most memory that this process held; `ru_maxrss` counts its parent's as well."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def section(found: dict[int, dict[str, float]], one: dict[str, float]) -> str:
    """Return the figures as Markdown."""
    largest = max(found)
    per_member = {members: row["cpu_s"] / members * 1e6 for members, row in found.items()}
    lines = [
        [
            f"{members:,}",
            f"{row['wall_s']:,.0f}",
            f"{row['cpu_s']:,.0f}",
            f"{per_member[members]:,.0f}",
            f"{per_member[members] / per_member[largest]:.2f}",
            f"{row['peak_gib']:.2f}",
        ]
        for members, row in sorted(found.items())
    ]
    heads = [
        "members", "wall, s", "processor, s", "µs a member", "of the largest's",
        "peak, GiB",
    ]  # fmt: skip
    return f"""
Members who bought {PURCHASES} times among {PRODUCTS:,} products, mostly in a few narrow categories
each, popularity falling as 1 over rank; {one["each"]:.0f} candidates of each member (routes
held to `{CANDIDATES}`), 300 trees of 31 leaves, the 20 likeliest kept. From stored state to written
score set, one thread, a process of its own for each line; what the state costs is in the
benchmark of snapshots.

{table(heads, lines)}

One product over all {largest:,} members, none left out, the best seller, which is near to most of
them: the bare model takes {one["predict_s"]:.1f} processor seconds for these rows as we sum trees
({one["lightgbm_s"]:.1f} by LightGBM's own `predict`); features and probabilities together take
{one["column_s"]:.1f}, {one["column_s"] / one["predict_s"]:.1f} times that
({one["column_s"] / one["lightgbm_s"]:.1f} times LightGBM's own). With the reading of the cut-off,
which any number of products may share, `targets` takes {one["targets_s"]:.1f}
({one["targets_s"] / one["lightgbm_s"]:.1f} times LightGBM's own).
"""


def main() -> None:
    """Write the state, measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS, help="others record nothing")
    parser.add_argument("--keep", type=Path, help="folder for the state; a passing one if absent")
    given = parser.parse_args()
    least = round(PART / min(SHARES))
    if given.members % least:
        parser.error(f"--members is {given.members:,}; use a multiple of {least:,}")
    found = {}
    with TemporaryDirectory() as place:
        whole = (given.keep or Path(place)) / "whole"
        if not whole.exists():
            artifacts = project_at(whole)
            write_products(artifacts, PRODUCTS)
            write_members(artifacts, given.members, purchase_propensity)
            finish(artifacts, given.members)
            write_model(open_project(whole))
        for share in SHARES:
            members = round(share * given.members)
            folder = whole.with_name(f"members-{members}")
            shutil.rmtree(folder, ignore_errors=True)
            linked(whole / "artifacts", project_at(folder), members)
            shutil.copytree(whole / "artifacts" / "versions", folder / "artifacts" / "versions")
            found[members] = in_its_own_process("all", folder)
            print(found[members], flush=True)
        one = in_its_own_process("one", folder)
        print(one, flush=True)
    body = section(found, one)
    print(body)
    if given.members == MEMBERS:
        record(
            "purchase_cost", "What a score of pairs costs", body, packages=["lightgbm", "duckdb"]
        )


if __name__ == "__main__":
    main()
