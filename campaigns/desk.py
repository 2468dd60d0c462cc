"""Where lists are made: what is live, who is known, in which order they come."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from campaigns.conditions.condition import Due, Scored, dues, leaves
from campaigns.list_spec import HEALTH, ListSpec
from campaigns.members import members_path
from campaigns.population import Population
from campaigns.ranking import Ranking
from pipeline.forgotten import mark
from pipeline.release import Release, UnreleasedModelError
from pipeline.score_set import DamagedScoreSetError, ScoreSet, UnknownScoreSetError, read_score_set

_LOG = logging.getLogger(__name__)

#: Populations that are held, each with what was asked of it.
HELD = 2
#: Orders of customers that are held of a population: 20 bytes a customer.
HELD_RANKINGS = 6

#: The model that ranks everybody for one product.
OF_PRODUCTS = "purchase_propensity"
#: The model of when each customer buys again.
OF_DATES = "repurchase_timing"


class UnfitSpecError(ValueError):
    """A request asks of a model what it cannot do."""


@dataclass
class _Held:
    population: Population
    rankings: "OrderedDict[tuple[Any, ...], Ranking]" = field(default_factory=OrderedDict)
    users: int = 0
    dropped: bool = False


class Desk:
    """Holds the populations and rankings of what is live, for all who make lists.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    hold_purchases : bool
        Whether to read who has bought what into memory, in the background, as soon as a
        population is opened: worth it where many lists are made.
    """

    def __init__(self, artifacts: Path, *, hold_purchases: bool = False) -> None:
        self.artifacts = artifacts
        self._hold_purchases = hold_purchases
        self._lock = threading.Lock()
        self._held: OrderedDict[Any, _Held] = OrderedDict()

    def __enter__(self) -> Self:
        """Return itself; `close` is called at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give everything back."""
        self.close()

    def close(self) -> None:
        """Give everything back; what is in use is given back as soon as it is not."""
        with self._lock:
            for held in self._held.values():
                held.dropped = True
                _close_unused(held)
            self._held.clear()

    @contextmanager
    def opened(
        self, spec: ListSpec, release: Release
    ) -> Iterator[tuple[ScoreSet, Population, Ranking]]:
        """Yield what `scores_of` returns, who is known, and in which order they come.

        Raises
        ------
        UnreleasedModelError
            If the model is not live.
        UnfitSpecError
            If the model does not know what it is asked for.
        """
        scores = scores_of(spec, release, self.artifacts)
        with self._population(scores, release, health=spec.purpose == HEALTH) as held:
            yield scores, held.population, self._ranking(held, spec, scores, release)

    @contextmanager
    def _population(
        self, ranked_by: ScoreSet, release: Release, *, health: bool
    ) -> Iterator[_Held]:
        live = tuple(sorted((model, one.score_set) for model, one in release.models.items()))
        of = mark(self.artifacts)
        key = (ranked_by.as_of, ranked_by.base, ranked_by.time_zone, live, health, of)
        with self._lock:
            if key not in self._held:
                population = Population(
                    self.artifacts,
                    ranked_by,
                    scores=self._live_scores(release),
                    members=lambda identity: members_path(self.artifacts, identity),
                    health=health,
                )
                self._held[key] = _Held(population)
                if self._hold_purchases:
                    self._held[key].users += 1
                    threading.Thread(target=self._hold, args=[self._held[key]]).start()
            self._held.move_to_end(key)
            held = self._held[key]
            held.users += 1
            while len(self._held) > HELD:
                _, oldest = self._held.popitem(last=False)
                oldest.dropped = True
                _close_unused(oldest)
        try:
            yield held
        finally:
            with self._lock:
                held.users -= 1
                _close_unused(held)

    def _hold(self, held: _Held) -> None:
        try:
            if held.population.facts.delivered("transactions"):
                held.population.hold_purchases()
        except Exception:  # noqa: BLE001 - a thread has nobody to raise to
            _LOG.exception("purchases are not held in memory; lists are slower to make")
        finally:
            with self._lock:
                held.users -= 1
                _close_unused(held)

    def _live_scores(self, release: Release) -> dict[str, ScoreSet]:
        """Return the scores of each live model; one that cannot be read cannot be asked for."""
        found = {}
        for model, one in release.models.items():
            try:
                found[model] = read_score_set(self.artifacts, model, one.score_set)
            except (DamagedScoreSetError, UnknownScoreSetError):
                continue
        return found

    def _ranking(
        self, held: _Held, spec: ListSpec, ranked_by: ScoreSet, release: Release
    ) -> Ranking:
        if spec.model is None:
            return Ranking.at_random(held.population, seed=spec.seed)
        if spec.product is not None or spec.new_product is not None:
            return self._for_product(held.population, spec, release)
        due = dues(spec.where) if spec.model == OF_DATES else ()
        key = (ranked_by.model, ranked_by.id, spec.arm, due)
        with self._lock:
            ranking = held.rankings.get(key)
        if ranking is None:
            if spec.arm is not None:
                self._require_arm(held.population, ranked_by, spec.arm)
            ranking = Ranking.of(held.population, self.artifacts, ranked_by, due=due, arm=spec.arm)
            with self._lock:
                held.rankings[key] = ranking
                while len(held.rankings) > HELD_RANKINGS:
                    held.rankings.popitem(last=False)
        return ranking

    def _require_arm(self, population: Population, ranked_by: ScoreSet, arm: str) -> None:
        rows = population.facts.scores(ranked_by.model)
        known = (
            rows.select("arm").distinct().order_by("arm").to_pyarrow()["arm"].to_pylist()
            if "arm" in rows.columns
            else []
        )
        if arm not in known:
            there_are = f"Its offers are {', '.join(known)}" if known else "It knows no offers"
            raise UnfitSpecError(
                f"{ranked_by.model} has no effects of the offer {arm}. {there_are}."
            )

    def _for_product(self, population: Population, spec: ListSpec, release: Release) -> Ranking:
        if spec.model != OF_PRODUCTS:
            raise UnfitSpecError(
                f"{spec.model} does not rank customers for a product; {OF_PRODUCTS} does."
            )
        # Imported here: whoever reads lists has no need of learners, which take seconds to import.
        from models.purchase_propensity import purchase_propensity
        from pipeline.pairs.targets import UnknownProductError, targets
        from pipeline.project import open_project

        try:
            found = targets(
                open_project(self.artifacts.absolute().parent),
                purchase_propensity,
                release.live(spec.model).version,
                product_id=spec.product,
                attributes=spec.new_product,
            )
        except UnknownProductError as error:
            raise UnfitSpecError(str(error)) from error
        columns = found.customers.assign(product_id=found.product_id)
        scores = pa.Table.from_pandas(
            columns[["customer_id", "product_id", "state", "probability"]], preserve_index=False
        )
        return Ranking.made(population, scores)


def scores_of(spec: ListSpec, release: Release, artifacts: Path) -> ScoreSet:
    """Return the live scores that a request ranks by.

    Of a request without a model it is the newest of all: its cut-off is that of the list.

    Raises
    ------
    UnreleasedModelError
        If the model, or any at all, is not live.
    """
    if spec.model is not None:
        return read_score_set(artifacts, spec.model, release.live(spec.model).score_set)
    if not release.models:
        raise UnreleasedModelError("nothing is live yet. Run `shortlist run`.")
    found = [read_score_set(artifacts, name, one.score_set) for name, one in release.models.items()]
    return max(found, key=lambda one: (one.as_of, one.base, one.model))


def models_asked(spec: ListSpec) -> tuple[str, ...]:
    """Return the models whose scores the conditions of a request ask for."""
    if spec.where is None:
        return ()
    found = {
        OF_DATES if isinstance(leaf, Due) else leaf.score
        for _, leaf in leaves(spec.where)
        if isinstance(leaf, Due | Scored)
    }
    return tuple(sorted(found))


def _close_unused(held: _Held) -> None:
    if held.dropped and not held.users:
        held.population.close()
