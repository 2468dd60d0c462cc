"""The noun of the model layer: what is predicted, for whom, from what, judged by what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import ibis.expr.types as ir

from features.definition import Coded, Feature, Grain, Unit
from features.pairs import PairFeature
from models.learning import Classifier, Learner, LiftLearning, TimingLearning

Cadence = Literal["daily", "weekly", "monthly"]


@dataclass(frozen=True)
class Label:
    """What happened in the outcome window.

    Attributes
    ----------
    grain : Grain
        The rows it looks at; only those whose day lies in
        `[as_of + gap, as_of + gap + horizon)` are passed on.
    outcome : callable
        Takes those rows, returns an Ibis aggregate. A unit without a row gets 0.
    """

    grain: Grain
    outcome: Callable[[ir.Table], ir.Value]

    @property
    def name(self) -> str:
        """Name of the label: that of its function."""
        return self.outcome.__name__


def label(grain: Grain) -> Callable[[Callable[[ir.Table], ir.Value]], Label]:
    """Declare a label over the rows of a grain in the outcome window."""
    return lambda outcome: Label(grain, outcome)


@dataclass(frozen=True)
class Sampling:
    """How rows to learn from are thinned, where there are more than a learner has use for.

    Every row with the outcome stays. Of the others the same share of customers is kept, drawn
    by a hash; learners correct their probabilities for it exactly.

    Attributes
    ----------
    most_rows : int
        About how many rows are learned from, at least 1.
    """

    most_rows: int

    def keep_rate(self, rows: int, positives: int) -> float:
        """Return the share of rows without the outcome to keep, in (0, 1].

        Examples
        --------
        >>> Sampling(most_rows=1000).keep_rate(rows=4600, positives=100)
        0.2
        """
        room = max(self.most_rows - positives, 1)
        return min(1.0, room / max(rows - positives, 1))


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where tuning looks for a learner's parameter.

    Attributes
    ----------
    low, high : float
        Both ends, included.
    log : bool
        Whether a step means a factor rather than a difference.
    whole : bool
        Whether only whole numbers are allowed.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A simple model that has to be beaten, trained on the same rows and printed beside."""

    name: str
    features: tuple[Feature | Coded, ...]
    learner: Callable[[int], Classifier]


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """What a model is for, and what it is not for: what its card and its report say.

    Attributes
    ----------
    happened : mapping
        The outcome as something that customers did, by language: `"bought again"`. It
        follows "Of 1,000 customers 400".
    intended : str
        Who decides what with it.
    not_for : tuple of str
        Further uses that it must not be put to; those of every model stand on each card.
    limits : tuple of str
        What it cannot know.
    """

    happened: Mapping[str, str]
    intended: str = ""
    not_for: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Model:
    """A question about customers, and how it is answered.

    Attributes
    ----------
    name : str
        Name in `params.yaml`, in the registry and in requests.
    unit : str
        What a row is: `"customer"` or `"pair"`.
    eligible : callable
        Takes a snapshot, returns a boolean column: for whom the outcome is possible.
        Training and scoring go through this same function.
    label : Label
        What is predicted.
    gap_days, horizon_days : int
        Outcomes count in `[as_of + gap, as_of + gap + horizon)`. The gap is the real delay
        between the data cut and the contact.
    features : tuple of Feature or Coded
        The columns the learner sees; `features.codings.CODED` holds those of codings.
    learner : callable
        Takes a seed, returns an unfitted learner; imports what it needs inside.
    measures : mapping of str to callable
        Functions `measure(y, score, weight=...)` of `models.measures`, by the name under
        which they are printed with an interval.
    baselines : tuple of Baseline
        What is printed beside, and has to be beaten.
    cadence : str
        How often a new training is due.
    auxiliary : tuple of Label
        What is kept beside the label and reported, but not predicted: the steps on the way.
    sampling : Sampling, optional
        How rows to learn from are thinned; all are used where it is left out.
    search : mapping of str to Span, optional
        Parameters of the learner that `shortlist tune` looks for, and where.
    candidates : optional
        How rows are retrieved; none for a model that takes all.
    title : mapping
        What a marketer reads, by language.
    use : ModelUse, optional
        What the model card says that figures cannot.
    """

    name: str
    unit: Unit
    eligible: Callable[[ir.Table], ir.BooleanValue]
    label: Label
    gap_days: int
    horizon_days: int
    features: tuple[Feature | Coded, ...]
    learner: Callable[[int], Learner]
    measures: Mapping[str, Callable[..., Any]]
    baselines: tuple[Baseline, ...]
    cadence: Cadence
    auxiliary: tuple[Label, ...] = ()
    sampling: Sampling | None = None
    search: Mapping[str, Span] = field(default_factory=dict)
    candidates: Any = None
    title: Mapping[str, str] = field(default_factory=dict)
    use: ModelUse | None = None


@dataclass(frozen=True, kw_only=True)
class LiftModel:
    """A question about offers: what each of them changes, and for whom.

    Rows are customers as they were when a campaign drew their arm: the cut-off is the day of
    the assignment, so that nothing a campaign caused can be among the features. Effects are
    of the assignment, whether or not the contact came through (intention to treat).

    Attributes
    ----------
    name, title, unit, eligible, features, cadence
        As in `Model`.
    label : Label
        The outcome that an offer is to change: a yes or a no.
    gap_days, horizon_days : int
        Outcomes count in `[assigned + gap, assigned + gap + horizon)`.
    learner : callable
        Takes a seed, returns an unfitted learner of effects.
    response : Baseline
        Who responds, whatever the arm: the ranking that targeting by probability would use,
        and the outcome that scores are adjusted by.
    segments : tuple of Feature
        Columns by which a rule may tell customers apart where no finer order is found.
    control : str
        Name of the arm that was left alone.
    min_arm : int
        Fewest customers of an arm of a campaign; with fewer it is refused.
    """

    name: str
    unit: Unit
    eligible: Callable[[ir.Table], ir.BooleanValue]
    label: Label
    gap_days: int
    horizon_days: int
    features: tuple[Feature, ...]
    learner: Callable[[int], LiftLearning]
    response: Baseline
    segments: tuple[Feature, ...]
    cadence: Cadence
    control: str = "control"
    min_arm: int = 100
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PairModel:
    """A question about a customer and a product: every pair has a probability of its own.

    Attributes
    ----------
    name, title, unit, learner, cadence
        As in `Model`.
    eligible : callable
        Takes the products as `features.shelf.offers` describes them at a cut-off; returns
        which of them are on sale: only they can be bought.
    label : Label
        What is predicted, over rows of a customer and a product.
    gap_days, horizon_days : int
        Outcomes count in `[as_of + gap, as_of + gap + horizon)`.
    features : tuple of Feature or PairFeature
        Columns of the customer, of the product and of the pair.
    state : PairFeature
        The column of texts by which probabilities are calibrated and reported apart.
    sampling : Sampling
        About how many pairs are learned from.
    most_cutoffs : int
        Most cut-offs to learn from: each has millions of pairs.
    grid : int
        Where no more products are on sale, all of them are scored for everybody; with more,
        candidates are retrieved first.
    kept : int
        Products that a score set keeps of each customer, the likeliest.
    """

    name: str
    unit: Unit
    eligible: Callable[[ir.Table], ir.BooleanValue]
    label: Label
    gap_days: int
    horizon_days: int
    features: tuple[Feature | PairFeature, ...]
    state: PairFeature
    learner: Callable[[int], Learner]
    cadence: Cadence
    sampling: Sampling
    most_cutoffs: int = 4
    grid: int = 300
    kept: int = 20
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TimingModel:
    """A question about dates: when a customer buys again what is bought again and again.

    Rows are a customer and a category, as known at a cut-off. Categories are those whose
    products are used up, or that most buyers come back to.

    Attributes
    ----------
    name, title, unit, features, cadence, use
        As in `Model`; `features` are empty, since rows have columns of their own.
    label : Label
        A purchase of the category.
    gap_days, horizon_days : int
        The probability is that of the next purchase in `[as_of + gap, as_of + gap + horizon)`.
    watched_days : int
        How long rows are watched to calibrate and to judge; at least gap and horizon.
    learner : callable
        Takes a seed, returns an unfitted learner of dates.
    measures : mapping of str to callable
        As in `Model`, of the probability.
    """

    name: str
    unit: Unit
    label: Label
    gap_days: int
    horizon_days: int
    watched_days: int
    learner: Callable[[int], TimingLearning]
    measures: Mapping[str, Callable[..., Any]]
    cadence: Cadence
    features: tuple[Feature, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)
    use: ModelUse | None = None


#: A question of any kind: about customers, what they buy and when, or what offers change.
AnyModel = Model | PairModel | TimingModel | LiftModel
