"""The kinds of models there are, and where each step of a kind is written."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from models.definition import AnyModel, LiftModel, PairModel, TimingModel
from pipeline.evaluation import Evaluation
from pipeline.gate import Decision
from pipeline.planned import Planned
from pipeline.score_set import ScoreSet


class Kind(NamedTuple):
    """What the line does with a model, from cut-offs to scores; each takes the project first.

    Attributes
    ----------
    plan : callable
        Takes the model, grains, the span of the data and the scoring cut-off; returns the
        cut-offs, or why the data cannot teach the model.
    build : callable
        Takes the model, grains and cut-offs; writes what scoring needs and, unless
        `labelled=False`, what happened after the cut-offs.
    train, evaluate : callable
        Take the model; write `artifacts/trained/MODEL` and `artifacts/evaluations/MODEL`.
    decide : callable
        Takes the model, a version and the champion's, if any; asks the gate.
    score : callable
        Takes the model and a version's number; writes the score set.
    returned : mapping of str to str
        MLflow's type of each column that the registered model returns, by name.
    packaged : str
        The module, as a path within the package, that MLflow loads.
    """

    plan: Callable[..., Planned | str]
    build: Callable[..., None]
    train: Callable[..., None]
    evaluate: Callable[..., Evaluation]
    decide: Callable[..., Decision]
    score: Callable[..., ScoreSet]
    returned: Mapping[str, str]
    packaged: str


def kind_of(model: AnyModel) -> Kind:
    """Return what the line does with a model."""
    if isinstance(model, LiftModel):
        return _lift()
    if isinstance(model, TimingModel):
        return _timing()
    return _pairs() if isinstance(model, PairModel) else _customers()


def _customers() -> Kind:
    from pipeline.customers.build import build
    from pipeline.customers.decide import decide
    from pipeline.customers.evaluate import evaluate
    from pipeline.customers.plan import plan
    from pipeline.customers.score import score
    from pipeline.customers.signature import RETURNED
    from pipeline.customers.train import train

    return Kind(plan, build, train, evaluate, decide, score, RETURNED, "customers/packaged.py")


def _pairs() -> Kind:
    from pipeline.customers.signature import RETURNED
    from pipeline.pairs.decide import decide
    from pipeline.pairs.evaluate import evaluate
    from pipeline.pairs.plan import build, plan
    from pipeline.pairs.score import score
    from pipeline.pairs.train import train

    return Kind(plan, build, train, evaluate, decide, score, RETURNED, "customers/packaged.py")


def _lift() -> Kind:
    from pipeline.lift.cutoffs import plan
    from pipeline.lift.decide import decide_lift
    from pipeline.lift.evaluate import evaluate
    from pipeline.lift.outcomes import build
    from pipeline.lift.score import score
    from pipeline.lift.signature import RETURNED
    from pipeline.lift.train import train

    return Kind(plan, build, train, evaluate, decide_lift, score, RETURNED, "lift/packaged.py")


def _timing() -> Kind:
    from pipeline.timing.build import build
    from pipeline.timing.cutoffs import plan
    from pipeline.timing.decide import decide_timing
    from pipeline.timing.evaluate import evaluate
    from pipeline.timing.score import score
    from pipeline.timing.signature import RETURNED
    from pipeline.timing.train import train

    return Kind(plan, build, train, evaluate, decide_timing, score, RETURNED, "timing/packaged.py")
