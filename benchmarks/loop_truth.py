"""The whole loop where the truth is known: how often intervals of an effect hold it.

    python benchmarks/loop_truth.py                 # 200 campaigns on 20,000 members
    python benchmarks/loop_truth.py --campaigns 20  # fewer; records nothing

Each campaign is asked for with conditions, sizes and control shares of its own, its lists are
frozen, its outcomes drawn from each member's true chance with and without the offer, reported
line by line, and its effect estimated from what was reported.
"""

import argparse
import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from record import record, sized, table
from scipy.stats import binomtest
from sqlalchemy import Engine

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.effect.reported import effect_of_reports
from campaigns.effect.strata import effect_by_draw
from campaigns.list_spec import ListSpec
from campaigns.loop.assignments import assignments_of
from campaigns.loop.plans import Campaign, plan_campaign
from campaigns.loop.reports import CONTACTS, OUTCOMES, Kind, receive
from campaigns.state.database import open_state
from pipeline.release import Release, release
from pipeline.score_set import write_score_set
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import UNTIL, simulate

MONTHS, SEED = 24, 1
MEMBERS, CAMPAIGNS = sized((20_000, 200), small=(4_000, 5))
SIZES = sized([500, 1000, 2000, 4000], small=[100, 200, 400, 800])
#: Times that arms and outcomes of each campaign are drawn anew, for a rate of more digits.
REDRAWN = 20
OFFER = "discount"
AT = datetime(UNTIL.year, UNTIL.month, UNTIL.day, 1, tzinfo=UTC)
ENDS = AT + timedelta(days=14)
SPENT, SPREAD, MARGIN, CONTACT_COST = 800.0, 0.6, 0.3, 5.0
#: Tables that conditions, consents and the adjustment read.
READ = ("customers", "products", "transactions", "consents")


def prepared(folder: Path) -> tuple[Path, Release, pd.DataFrame]:
    """Return artefacts with two live models that see what can be observed, and the truth."""
    data, artifacts = folder / "chain", folder / "artifacts"
    simulate(PRESETS["retail"], members=MEMBERS, months=MONTHS, seed=SEED, to=data, pair_members=0)
    truth = pd.read_parquet(data / "truth" / "offers.parquet")
    (artifacts / "tables").mkdir(parents=True)
    for name in READ:
        shutil.copy(data / f"{name}.parquet", artifacts / "tables")
    scores = {
        "customer_activity": {"probability": truth["base_drivers"].clip(0, 1)},
        "promotion_lift": {
            "arm": OFFER,
            "effect": truth[f"effect_drivers_{OFFER}"],
            "low": truth[f"effect_drivers_{OFFER}"] - 0.01,
            "high": truth[f"effect_drivers_{OFFER}"] + 0.01,
        },
    }
    live = Release()
    for model, columns in scores.items():
        frame = pd.DataFrame({"customer_id": truth["customer_id"], **columns})
        score_set = write_score_set(
            frame,
            artifacts=artifacts,
            model=model,
            as_of=UNTIL,
            unit="customer",
            version="1",
            base=len(truth),
            data_fingerprint="simulated",
            time_zone=PRESETS["retail"].time_zone,
            created_at=AT,
        )
        live = release(artifacts, model, version="1", score_set=score_set.id, at=AT)
    return artifacts, live, truth.set_index("customer_id")


def spec_of(random: np.random.Generator, campaign: str) -> ListSpec:
    """Return a request with conditions, an end and a control share of its own."""
    wanted: dict[str, Any] = {
        "model": str(random.choice(["customer_activity", "promotion_lift"])),
        "size": int(random.choice(SIZES)),
        "control_share": float(random.choice([0.1, 0.2, 0.35, 0.5])),
        "seed": int(random.integers(2**31)),
        "campaign": campaign,
    }
    conditions = [
        {"customer": "region", "not_in": ["Taipei"]},
        {"customer": "birth_year", "at_least": 1980},
        {"bought": {}, "within_days": 180},
    ]
    chosen = [one for one in conditions if random.random() < 0.3]
    if chosen:
        wanted["where"] = {"all": chosen}
    if random.random() < 0.3:
        wanted["one_a_household"] = True
    if random.random() < 0.3:
        wanted["channel"] = "email"
    return ListSpec.model_validate(wanted)


def one_campaign(
    number: int, desk: Desk, state: Engine, live: Release, truth: pd.DataFrame
) -> list[dict[str, Any]]:
    """Run a campaign through the loop; return what was said and what is true, by outcome."""
    random = np.random.default_rng([SEED, number])
    name = f"campaign-{number}"
    plan = Campaign(
        campaign_id=name,
        offer=OFFER,
        starts_at=AT,
        ends_at=ENDS,
        contact_cost=CONTACT_COST,
        margin_share=MARGIN,
    )
    plan_campaign(state, plan, at=AT)
    lists = 2 if random.random() < 0.25 else 1
    for later in range(lists):
        build_list(
            spec_of(random, name),
            live,
            desk=desk,
            state=state,
            at=AT + timedelta(hours=later),
            global_control=0.05,
        )
    drawn = assignments_of(desk.artifacts, state, name)
    chance = truth.loc[drawn["customer_id"]]
    effect = chance[f"effect_{OFFER}"].to_numpy()
    treated = drawn["treated"].to_numpy(dtype=bool)
    bought = random.random(len(drawn)) < chance["base"].to_numpy() + effect * treated
    spent = random.lognormal(np.log(SPENT) - SPREAD**2 / 2, SPREAD, len(drawn))
    when = (AT + timedelta(days=3)).isoformat()
    common = {"campaign_id": name, "event_time": when}
    _report(
        state,
        CONTACTS,
        [
            {**common, "customer_id": one, "channel": "email", "status": "sent"}
            for one in drawn.loc[treated, "customer_id"]
        ],
    )
    _report(
        state,
        OUTCOMES,
        [
            {**common, "customer_id": one, "kind": "purchase", "value": float(value)}
            for one, value in zip(drawn.loc[bought, "customer_id"], spent[bought], strict=True)
        ],
    )
    told = effect_of_reports(desk.artifacts, state, name, at=ENDS + timedelta(days=1))
    true = {
        "purchase": effect.mean(),
        "purchase_value": SPENT * effect.mean(),
        "net": MARGIN * SPENT * effect.mean() - CONTACT_COST,
    }
    share = np.where(treated, drawn["probability"], 1 - drawn["probability"])
    again = [
        _again(random, chance["base"].to_numpy(), effect, share, number) for _ in range(REDRAWN)
    ]
    return again + [
        {
            "campaign": number,
            "lists": told.lists,
            "outcome": one.outcome,
            "control": told.customers["control"],
            "true": true[one.outcome],
            "effect": one.effect,
            "low": one.low,
            "high": one.high,
            "narrower": one.narrower,
        }
        for one in told.added
    ]


def _again(
    random: np.random.Generator,
    base: np.ndarray,
    effect: np.ndarray,
    share: np.ndarray,
    number: int,
) -> dict[str, Any]:
    """Draw arms and outcomes of the same customers anew, and estimate without receipts."""
    treated = random.random(len(share)) < share
    bought = (random.random(len(share)) < base + effect * treated).astype(float)
    found = effect_by_draw(bought, treated, share)
    if found is None:
        raise SystemExit("nobody bought, or an arm is empty")
    return {
        "campaign": number,
        "outcome": "again",
        "control": int((~treated).sum()),
        "true": effect.mean(),
        **found._asdict(),
    }


def _report(state: Engine, kind: Kind[Any], rows: list[dict[str, Any]]) -> None:
    found = receive(state, "\n".join(map(json.dumps, rows)).encode(), kind, at=ENDS)
    if found.changed != len(rows):
        raise SystemExit(f"{found.changed} of {len(rows)} rows were taken: {found.errors[:1]}")


def told(found: pd.DataFrame, seconds: float) -> str:
    """Return the section: how often the intervals held the truth."""
    columns = ["outcome", "estimates", "held the truth", "95 % of that", "above", "below", "bias"]
    again = found[found["outcome"] == "again"]
    found = found[found["outcome"] != "again"]
    parts = [(f"`{name}`", own) for name, own in found.groupby("outcome", sort=False)]
    first = found[found["outcome"] == "purchase"]
    parts += [
        ("`purchase`, one list", first[first["lists"] == 1]),
        ("`purchase`, two lists", first[first["lists"] > 1]),
        ("`purchase`, control under 200", first[first["control"] < 200]),
        ("`purchase`, control of 200 or more", first[first["control"] >= 200]),
        (f"`purchase`, drawn {REDRAWN} times more", again),
        ("the same, control under 200", again[again["control"] < 200]),
    ]
    return f"""
{first["campaign"].nunique()} campaigns on {MEMBERS:,} simulated members: each asked for with its
own model, conditions, consent, household rule, size ({min(SIZES):,} to {max(SIZES):,})
and control share (0.1 to 0.5), beside a global control of 0.05; a quarter of them with two lists
of other shares. Outcomes are drawn from each customer's true chance, with the offer's true effect
for those on the lists; a purchase is worth {SPENT:,.0f} on average. The truth is the mean effect
over those who drew.
"Above" and "below" count intervals that lie wholly there; the bias is the mean of (estimate -
truth) in standard errors, which has a standard error of {1 / np.sqrt(len(first)):.2f} for
all campaigns. Two hundred campaigns cannot tell 95 % from 92 %, so arms and outcomes of each are
drawn {REDRAWN} times more, and estimated without receipts. Stated rate: 95 %.

{table(columns, [_row(name, own) for name, own in parts])}

Purchases before the draw shorten the intervals by {first["narrower"].mean():.1%} on average
(`purchase`). The loop took {seconds / first["campaign"].nunique():.2f} s a campaign.
"""


def _row(name: str, own: pd.DataFrame) -> list[str]:
    above, below = own["low"] > own["true"], own["high"] < own["true"]
    held = int((~above & ~below).sum())
    interval = binomtest(held, len(own)).proportion_ci(0.95, method="exact")
    error = (own["high"] - own["low"]) / 2 / 1.96
    bias = float(((own["effect"] - own["true"]) / error).mean())
    return [
        name,
        str(len(own)),
        f"{held / len(own):.1%}",
        f"{interval.low:.1%} to {interval.high:.1%}",
        str(int(above.sum())),
        str(int(below.sum())),
        f"{bias:+.2f}",
    ]


def main() -> None:
    """Run the campaigns; record the section if it is the whole benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--campaigns", type=int, default=CAMPAIGNS)
    campaigns = parser.parse_args().campaigns
    with TemporaryDirectory() as scratch:
        artifacts, live, truth = prepared(Path(scratch))
        state = open_state(artifacts)
        started = time.perf_counter()
        rows: list[dict[str, Any]] = []
        with Desk(artifacts) as desk:
            for number in range(campaigns):
                rows += one_campaign(number, desk, state, live, truth)
                if number % 20 == 19:
                    print(f"{number + 1} campaigns", flush=True)
        state.dispose()
        body = told(pd.DataFrame(rows), time.perf_counter() - started)
    if campaigns == CAMPAIGNS:
        title = "The whole loop: intervals of a campaign's effect against the truth"
        record("loop_truth", title, body, packages=["numpy", "duckdb"])
    else:
        print(body)


if __name__ == "__main__":
    main()
