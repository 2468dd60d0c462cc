"""Rank what customers buy next, with our model and with its peers, on the same purchases."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from ibis.backends.duckdb import Backend
from pairs.lists import Purchases, first_products, judged, with_interval
from pairs.peers import AlsSetting, History, Scores, als_settings, history_of, plain_peers
from record import table

from models.definition import PairModel
from models.learning import Learner
from models.purchase_propensity import purchase_propensity
from pipeline.engine import engine
from pipeline.pairs.candidates import MOST, candidates
from pipeline.pairs.evaluate import load_learner
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment, moments
from pipeline.pairs.plan import read_bought
from pipeline.pairs.popular import MOST as MOST_POPULAR
from pipeline.project import open_project, read_cutoffs, trained_folder
from pipeline.run import make_project
from pipeline.run import train as train_model

OURS = "shortlist"
WHOLE, EXPLORE = "all", "never bought before"
PARTS = (WHOLE, EXPLORE)
_BLOCK = 1_000


class Scene(NamedTuple):
    """One cut-off: what the peers know, and by part what was bought and who bought it.

    Attributes
    ----------
    history : History
        What was known.
    bought : mapping of str to Purchases
        By part: all purchases, and those of products the customer had never bought.
    customers : mapping of str to array
        Who has a purchase of the part, ascending.
    """

    history: History
    bought: dict[str, Purchases]
    customers: dict[str, np.ndarray]

    def lists(self, scores: Scores, part: str) -> np.ndarray:
        """Return what a ranking of all products on sale shows the customers of a part."""
        return np.concatenate(
            [
                first_products(scores(some), self.allowed(some, part))
                for some in _blocks(self.customers[part])
            ]
        )

    def allowed(self, customers: np.ndarray, part: str) -> np.ndarray:
        """Tell which products may be shown: those on sale, and in one part never bought."""
        allowed = np.tile(self.history.on_sale, (len(customers), 1))
        if part == EXPLORE:
            own = np.isin(self.history.customer, customers)
            row = np.searchsorted(customers, self.history.customer[own])
            allowed[row, self.history.product[own]] = False
        return allowed

    def judged(self, lists: np.ndarray, part: str) -> pd.DataFrame:
        """Judge what was shown."""
        return judged(lists, self.customers[part], self.bought[part])


class Comparison(NamedTuple):
    """What was found.

    Attributes
    ----------
    as_of : date
        The untouched test cut-off.
    tuned_as_of : date
        Where the settings of the peers were chosen.
    judged : mapping of str to mapping of str to DataFrame
        By part and ranking each measure for each customer.
    settings : mapping of str to mapping of str to str
        By part and peer what it ran with.
    on_sale : int
        Products to rank.
    found : float
        Share of all purchases that are among our candidates.
    each : float
        Candidates of ours, on average.
    seconds : mapping of str to float
        What training took, and what scoring took.
    """

    as_of: date
    tuned_as_of: date
    judged: dict[str, dict[str, pd.DataFrame]]
    settings: dict[str, dict[str, str]]
    on_sale: int
    found: float
    each: float
    seconds: dict[str, float]


def compared(
    data: Path, folder: Path, *, as_of: date | None = None, horizon_days: int | None = None
) -> Comparison:
    """Train on some tables in a new project, and compare on its untouched test cut-off.

    Parameters
    ----------
    data : Path
        The tables.
    folder : Path
        Becomes the project.
    as_of : date, optional
        The scoring cut-off; the outcome window of the test ends there.
    horizon_days : int, optional
        Length of the outcome window; the model's own where it is left out.
    """
    model = purchase_propensity
    start = time.perf_counter()
    _trained(data, folder, as_of=as_of, horizon_days=horizon_days)
    seconds = {"training": time.perf_counter() - start}
    project = open_project(folder)
    days = read_cutoffs(project.artifacts, model.name)
    with engine(project.artifacts, threads=1) as connection:
        (moment,) = moments(connection, project, model, [days.tune])
        tuning = _scene(moment, read_bought(project, model, moment))
        fitted: dict[AlsSetting, Scores] = {}
        chosen = {part: _chosen(tuning, part, fitted) for part in PARTS}
        (moment,) = moments(connection, project, model, [days.test])
        test = _scene(moment, read_bought(project, model, moment))
        learner = load_learner(model, trained_folder(project.artifacts, model.name))
        start = time.perf_counter()
        ours, found, each = _ours(connection, moment, model, learner, test)
        seconds["scoring"] = time.perf_counter() - start
    values: dict[str, dict[str, pd.DataFrame]] = {}
    for part in PARTS:
        values[part] = {OURS: test.judged(ours[part], part)}
        values[part] |= {
            peer: test.judged(test.lists(scores, part), part)
            for peer, scores in _fitted(chosen[part], test.history)
        }
    return Comparison(
        days.test,
        days.tune,
        values,
        {part: {peer: str(one) for peer, one in chosen[part].items()} for part in PARTS},
        int(moment.on_sale.sum()),
        found,
        each,
        seconds,
    )


def as_markdown(found: Comparison, *, what: str) -> str:
    """Return the figures of both parts, the settings of the peers, and what is retrieved."""
    text = []
    for part, rankings in found.judged.items():
        own = rankings[OURS]
        lines = []
        for name, values in rankings.items():
            line = [name]
            for measure in own:
                line.append(with_interval(values[measure]))
                lead = with_interval(own[measure] - values[measure], sign=True)
                line.append("" if name == OURS else lead)
            lines.append(line)
        heads = ["ranking"]
        for measure in own:
            heads += [f"{measure} (95 %)", f"{OURS} minus it"]
        settings = "; ".join(f"{peer}: {one}" for peer, one in found.settings[part].items())
        text.append(
            f"### {part.capitalize()}: {len(own):,} customers\n\n{table(heads, lines)}\n\n"
            f"Settings chosen at {found.tuned_as_of}: {settings}."
        )
    text.append(
        f"{found.on_sale:,} {what} are on sale at the cut-off, and the peers rank all of them. "
        f"Ours ranks {found.each:.0f} candidates of a customer on average (at most "
        f"{sum(MOST.values()) + MOST_POPULAR}), among which are {found.found:.1%} of all "
        f"purchases. Training with all snapshots took {found.seconds['training']:.0f} s, scoring "
        f"these customers {found.seconds['scoring']:.1f} s on one thread."
    )
    return "\n\n".join(text)


def _trained(data: Path, folder: Path, *, as_of: date | None, horizon_days: int | None) -> None:
    folder.mkdir(exist_ok=True)
    make_project(folder)
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    own: dict[str, Any] = {"seed": 20240401}
    if horizon_days is not None:
        own["horizon_days"] = horizon_days
    params["models"] = {purchase_propensity.name: own}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    train_model(
        folder,
        purchase_propensity.name,
        clock=lambda: datetime.now(UTC),
        data=str(data),
        as_of=as_of,
    )


def _scene(moment: Moment, happened: Any) -> Scene:
    history = history_of(moment)
    order = np.lexsort((happened.product, happened.customer))
    everything = Purchases(
        happened.customer[order].astype(np.int64), happened.product[order].astype(np.int64)
    )
    before = history.customer.astype(np.int64) * history.products + history.product
    pair = everything.customer * history.products + everything.product
    bought = {WHOLE: everything, EXPLORE: everything.among(~np.isin(pair, before))}
    return Scene(history, bought, {part: np.unique(one.customer) for part, one in bought.items()})


def _chosen(scene: Scene, part: str, fitted: dict[AlsSetting, Scores]) -> dict[str, Any]:
    """Return by peer the setting with the highest MAP@12 in the period that is tuned on."""

    def worth(scores: Scores) -> float:
        return float(scene.judged(scene.lists(scores, part), part)["MAP@12"].mean())

    best: dict[str, tuple[float, Any]] = {}
    for peer, setting, scores in plain_peers(scene.history):
        value = worth(scores)
        print(f"  tuning ({part}) {peer}, {setting}: {value:.4f}", flush=True)
        if peer not in best or value > best[peer][0]:
            best[peer] = (value, setting)

    def best_als(settings: list[AlsSetting]) -> AlsSetting:
        fitted.update({one: one.fitted(scene.history) for one in settings if one not in fitted})
        values = {one: worth(fitted[one]) for one in settings}
        for one, value in values.items():
            print(f"  tuning ({part}) ALS, {one}: {value:.4f}", flush=True)
        return max(values, key=lambda one: values[one])

    chosen = {peer: setting for peer, (_, setting) in best.items()}
    return {**chosen, "ALS": als_settings(best_als)}


def _fitted(chosen: dict[str, Any], history: History) -> Iterator[tuple[str, Scores]]:
    for peer, setting, scores in plain_peers(history):
        if chosen[peer] == setting:
            yield peer, scores
    yield "ALS", chosen["ALS"].fitted(history)


def _ours(
    connection: Backend, moment: Moment, model: PairModel, learner: Learner, scene: Scene
) -> tuple[dict[str, np.ndarray], float, float]:
    """Return what our model shows, by part, and which share of all purchases it could."""
    bought = scene.bought[WHOLE]
    wanted = bought.customer * scene.history.products + bought.product
    lists: dict[str, list[np.ndarray]] = {part: [] for part in PARTS}
    hits = pairs = 0
    for some in _blocks(scene.customers[WHOLE]):
        found = candidates(moment, model, some)
        X = features_of(connection, moment, model, found.customer, found.product)
        scores = np.full((len(some), scene.history.products), -np.inf)
        scores[np.searchsorted(some, found.customer), found.product] = learner.predict_proba(X)[
            :, 1
        ]
        key = found.customer.astype(np.int64) * scene.history.products + found.product
        hits += int(np.isin(wanted, key).sum())
        pairs += len(key)
        for part in PARTS:
            kept = np.isin(some, scene.customers[part])
            lists[part].append(first_products(scores[kept], scene.allowed(some[kept], part)))
    everybody = len(scene.customers[WHOLE])
    whole = {part: np.concatenate(parts) for part, parts in lists.items()}
    return whole, hits / len(wanted), pairs / everybody


def _blocks(customers: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(customers), _BLOCK):
        yield customers[start : start + _BLOCK]
