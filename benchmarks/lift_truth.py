"""What offers change, where the truth is known: rankings, intervals and false finds.

    python benchmarks/lift_truth.py                    # everything, at 200,000 members
    python benchmarks/lift_truth.py --members 20000    # smaller; records nothing
    python benchmarks/lift_truth.py --only finds --folder DIR   # one of its parts

What runs at full size is recorded once all parts are there: in one go, or one by one with the
same `--folder`.

Its parts: `ranking` (the ranking by effect against the true effects, and who is left out),
`finds` (how often differences are found where there are none) and `coverage` (whether
intervals of a campaign's average effect hold the true one).
"""

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
from record import record, sized, table

from models.effects import campaign_effect
from models.effects.heterogeneity import find_segments, is_individual
from models.effects.shipped import Learned
from models.learners import LiftLearner
from models.measures import auuc, effect_line, qini
from models.promotion_lift import promotion_lift as model
from pipeline.engine import engine
from pipeline.events import as_events
from pipeline.grain_store import Grains
from pipeline.lift.cutoffs import LiftCutoffs, plan_lift
from pipeline.lift.judge import Judged, judge
from pipeline.lift.learn import learn
from pipeline.lift.outcomes import outcome_table
from pipeline.lift.policy import NOBODY, best_single, recommended
from pipeline.lift.rows import FACTS, LiftRows, chances
from pipeline.lift.train import split_rows
from pipeline.project import OutcomeWindow
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import UNTIL, simulate
from pipeline.snapshot_table import seen, snapshot_table

MEMBERS, MONTHS, SEED = sized(200_000, small=5_000), 36, 1
CHAIN = sized(20_000, small=5_000)  # members of the chain that repeated draws are taken from
DRAWS, REPEATS = sized((200, 1000), small=(4, 20))
REPEATED_ROWS = 4_000
WINDOW = OutcomeWindow(model.gap_days, model.horizon_days)
ZONE = PRESETS["retail"].time_zone


@contextmanager
def opened(data: Path) -> Iterator[Grains]:
    """Yield the grains of a simulated chain."""
    with engine(data.parent / "scratch") as connection:
        tables = {path.stem: connection.read_parquet(path) for path in data.glob("*.parquet")}
        yield Grains(connection, as_events(tables, time_zone=ZONE))


def simulated(folder: Path, members: int, seed: int = SEED) -> Path:
    """Return a simulated chain; one that is there already is taken as it is."""
    data = folder / f"chain-{members}-seed-{seed}" / "data"
    if not (data / "truth" / "simulation.json").exists():
        simulate(
            PRESETS["retail"], members=members, months=MONTHS, seed=seed, to=data, pair_members=0
        )
    return data


def rows_of(grains: Grains) -> tuple[LiftRows, LiftCutoffs, pd.DataFrame]:
    """Return the assignments with features, the campaigns, and everybody at the end."""
    plan = plan_lift(
        {name: grains.table(name) for name in grains.delivered},
        as_of=UNTIL,
        window=WINDOW,
        time_zone=ZONE,
        most=12,
    )
    if isinstance(plan, str):
        raise SystemExit(plan)
    outcomes = grains.connection.to_pandas(
        outcome_table(
            grains,
            model,
            campaigns=list(plan.campaigns),
            window=WINDOW,
            known_before=UNTIL,
            time_zone=ZONE,
        )
    )
    features = grains.deliverable(model.features)
    frames = []
    for day in (*plan.labelled, UNTIL):
        with seen(grains, [day]) as at:
            known = snapshot_table(at, features=features)
            frame = grains.connection.to_pandas(known.filter(model.eligible(known)))
        frames.append(frame.sort_values("customer_id"))
        print(day, len(frame), flush=True)
    names = [one.name for one in model.features]
    before = pd.concat(frames[:-1])
    days = pd.to_datetime(before.pop("as_of"))
    rows = outcomes.assign(as_of=pd.to_datetime(outcomes["cutoff"])).merge(
        before.assign(as_of=days), on=["customer_id", "as_of"]
    )
    rows = rows.sort_values(["as_of", "campaign_id", "customer_id"], ignore_index=True)
    facts = rows[list(FACTS)]
    return LiftRows(facts, rows[names], chances(facts)), plan, frames[-1].reset_index(drop=True)


class Ranked(NamedTuple):
    """What was learned from all campaigns but the newest, and everybody's true effects."""

    learned: Learned
    found: Judged
    scored: pd.DataFrame
    rows: int
    campaigns: int


def ranked_members(data: Path) -> Ranked:
    """Learn from all campaigns but the newest, judge on that, and read the truth at the end."""
    with opened(data) as grains:
        rows, plan, everybody = rows_of(grains)
    split = split_rows(rows, list(plan.campaigns), plan, seed=1)
    print(f"learning from {len(split.learning.facts):,} rows", flush=True)
    learned = learn(split.learning, model, seed=1)
    found = judge(learned, split.test, model, level=0.95, draws=1000, seed=1)
    truth = pd.read_parquet(data / "truth" / "offers.parquet")
    scored = everybody.merge(truth, on="customer_id")
    return Ranked(learned, found, scored, len(split.learning.facts), len(plan.campaigns) - 1)


def ranking(folder: Path, members: int) -> str:
    """Compare a ranking by effect with the true effects."""
    learned, found, scored, rows, campaigns = ranked_members(simulated(folder, members))
    effects, ranked = learned.effects(scored).value, learned.ranking(scored)
    policy = recommended(learned, effects)
    lines = []
    for arm in learned.arms:
        exact = scored[f"effect_{arm}"].to_numpy()
        drivers = scored[f"effect_drivers_{arm}"].to_numpy()
        slope = found.slopes[arm].slope
        true_slope = effect_line(exact, ranked[arm]).slope
        average = found.measures[f"average_effect_{arm}"]
        lines.append(
            [
                arm,
                f"{auuc(exact, ranked[arm]) / auuc(exact, exact):.1%}",
                f"{auuc(exact, drivers) / auuc(exact, exact):.1%}",
                f"{qini(exact, ranked[arm]) / qini(exact, exact):.1%}",
                f"{slope.value:.2f} [{slope.low:.2f}, {slope.high:.2f}]",
                f"{true_slope.value:.2f}",
                f"{100 * average.value:.2f} [{100 * average.low:.2f}, {100 * average.high:.2f}]",
                f"{100 * exact.mean():.2f}",
                learned.offers[arm].kind,
            ]
        )
    arm = best_single(learned)
    negative = {one: scored[f"effect_{one}"].to_numpy() < 0 for one in learned.arms}
    left = []
    for one in learned.arms:
        out = policy.chosen != one
        own = recommended_alone(learned, effects, one)
        left.append(
            f"{one}: {1 - own[negative[one]].mean():.1%} of those whom it drives away are left "
            f"out, and {1 - own.mean():.1%} of all (as many at random); where each gets the best "
            f"of the offers, {out[negative[one]].mean():.1%} of them are not given it"
        )
    gained = sum(
        (scored[f"effect_{one}"].to_numpy() * (policy.chosen == one)).mean() for one in learned.arms
    )
    everyone = scored[f"effect_{arm}"].mean()
    best = np.maximum(scored[[f"effect_{one}" for one in learned.arms]].max(axis=1), 0).mean()
    return f"""
{members:,} members, learned from {rows:,} assignments of {
        campaigns
    } campaigns, judged on the true effects of {len(scored):,} members at the
end. The area is that under the uplift curve of true effects, over that of a ranking by them;
"drivers" is the ranking by all that can be observed. The slope (real over predicted
differences) is measured on the untouched campaign; "true slope" with the true effects.
Averages are in points.

{
        table(
            [
                "offer",
                "area",
                "drivers",
                "Qini",
                "GATES slope",
                "true slope",
                "average, measured",
                "true",
                "shipped",
            ],
            lines,
        )
    }

Who is left out, by the recommended depth ({policy.share:.0%} of the members are given an offer):

- {(chr(10) + "- ").join(left)}

Visits gained per 1,000 members, by true effects: {1000 * gained:.2f} by the recommended policy,
{1000 * everyone:.2f} with {arm} for everybody, {1000 * best:.2f} by an oracle that knows every
effect; {(policy.chosen == NOBODY).mean():.0%} are given nothing.
"""


def recommended_alone(learned: Learned, effects: pd.DataFrame, arm: str) -> np.ndarray:
    """Return who would be given one offer, if it were the only one."""
    return np.asarray(learned.value * effects[arm] > learned.offers[arm].cost)


class Finds(NamedTuple):
    """How often differences were found where there are none."""

    single: int
    segments: int


def false_finds(data: Path, draws: int) -> Finds:
    """Draw arms and outcomes anew where everybody gains the same, and count what is found."""
    with opened(data) as grains:
        rows, _plan, _ = rows_of(grains)
    newest = rows.facts["campaign_id"].iloc[-1]
    own = rows.of([newest])
    truth = pd.read_parquet(data / "truth" / "effects.parquet")
    truth = truth[truth["campaign_id"] == newest].set_index("customer_id")
    base = truth.loc[own.facts["customer_id"], "base"].to_numpy()
    segments = [one.name for one in model.segments]
    found = Finds(0, 0)
    for draw in range(draws):
        random = np.random.default_rng([7, draw])
        kept = np.sort(random.permutation(len(base))[:REPEATED_ROWS])
        X, p0 = own.X.iloc[kept].reset_index(drop=True), base[kept]
        treated = random.random(len(kept)) < 0.5
        y = (random.random(len(kept)) < np.minimum(p0 + 0.02 * treated, 1)).astype(float)
        learner = LiftLearner(control="no", folds=3, trees=30, threads=1, seed=draw)
        learner.fit(X, y, np.where(treated, "yes", "no"), probability=0.5)
        if is_individual(learner.effects_["yes"].line, offers=1):
            found = found._replace(single=found.single + 1)
        elif find_segments(learner.scores_[:, 0], X, segments) is not None:
            found = found._replace(segments=found.segments + 1)
        if draw % 10 == 9:
            print(f"{draw + 1} draws: {found}", flush=True)
    return found


def finds(folder: Path, draws: int) -> str:
    """Tell how often differences are found where there are none."""
    single, several = false_finds(simulated(folder, CHAIN), draws)
    return f"""
The effect is 2 points for everybody; arms and outcomes are drawn anew {draws} times for
{REPEATED_ROWS:,} members of a campaign, with their features and true chances to come. A
difference between customers was found {single} times, between segments {several} times:
{single + several} false finds of {draws} ({(single + several) / draws:.1%}; 5 % are allowed).
"""


def covered(data: Path, repeats: int) -> tuple[dict[str, float], int]:
    """Draw arms and outcomes anew; return the share of intervals that hold the true effect.

    By arm, and with it the number of members in each draw.
    """
    truth = pd.read_parquet(data / "truth" / "effects.parquet")
    truth = truth[truth["campaign_id"] == truth["campaign_id"].max()].reset_index(drop=True)
    arms = ("discount", "privilege")
    chance = truth["base"].to_numpy()[:, None] + np.column_stack(
        [np.zeros(len(truth)), *(truth[f"effect_{arm}"] for arm in arms)]
    )
    before = truth[["recency_days", "visits_365"]].to_numpy(np.float64)
    names = np.array(["control", *arms])
    holds = dict.fromkeys(arms, 0)
    for repeat in range(repeats):
        random = np.random.default_rng([8, repeat])
        code = random.integers(0, 3, len(truth))
        y = (random.random(len(truth)) < chance[np.arange(len(truth)), code]).astype(float)
        found = campaign_effect(y, names[code], control="control", before=before)
        for row in found.itertuples():
            exact = truth[f"effect_{row.arm}"].mean()
            holds[str(row.arm)] += int(row.low <= exact <= row.high)
    return {arm: count / repeats for arm, count in holds.items()}, len(truth)


def coverage(folder: Path, repeats: int) -> str:
    """Tell how often the interval of a campaign's effect holds the true one."""
    shares, members = covered(simulated(folder, CHAIN), repeats)
    said = "; ".join(f"{arm} {share:.1%}" for arm, share in shares.items())
    return f"""
{repeats:,} campaigns of {members:,} members drawn anew from the true chances: 95 % intervals of
the average effect, adjusted for the time before, hold the true average: {said}.
"""


def main() -> None:
    """Run the parts, print, and record where all ran at full size."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--only", choices=["ranking", "finds", "coverage"])
    parser.add_argument("--folder", type=Path, help="keeps the simulated chains")
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = given.folder or Path(place)
        parts = {
            "ranking": lambda: ranking(folder, given.members),
            "finds": lambda: finds(folder, given.draws),
            "coverage": lambda: coverage(folder, given.repeats),
        }
        titles = {
            "ranking": "The ranking, and who is left out",
            "finds": "False finds",
            "coverage": "Intervals of a campaign's effect",
        }
        whole = (given.members, given.draws, given.repeats) == (MEMBERS, DRAWS, REPEATS)
        for name in [given.only] if given.only else list(parts):
            said = f"### {titles[name]}\n{parts[name]()}"
            print(said, flush=True)
            if whole:
                (folder / f"{name}.md").write_text(said, encoding="utf-8")
        files = [folder / f"{name}.md" for name in parts]
        if whole and all(file.exists() for file in files):
            record(
                "lift_truth",
                "Lift where the truth is known",
                "\n".join(file.read_text(encoding="utf-8") for file in files),
                packages=["lightgbm", "numpy", "duckdb"],
            )


if __name__ == "__main__":
    sys.exit(main())
