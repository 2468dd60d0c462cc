"""The documents that the service answers with, as /openapi.json describes them."""

from typing import Any, Literal, NotRequired, TypedDict

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class ListDocument(TypedDict):
    """A frozen list; `base` is `selected`, `control` and everybody `excluded`."""

    id: str
    model: str | None
    model_version: str | None
    as_of: str
    created_at: str
    campaign: str | None
    base: int
    selected: int
    control: int
    excluded: dict[str, int]
    spec: dict[str, Any]
    score_set: str | None
    score_set_revision: int | None
    data_fingerprint: str
    members_sha256: str


class PreviewDocument(TypedDict):
    """What a list would be."""

    base: int
    selected: int
    control: int
    excluded: dict[str, int]
    expected: float | None
    cost: float | None
    expected_value: float | None
    least_effect: float | None
    told: dict[str, str]


class Member(TypedDict):
    """One customer of a list; the fields that its model does not have are absent."""

    rank: int
    customer_id: str
    product_id: NotRequired[str]
    category: NotRequired[str]
    arm: NotRequired[str]
    state: NotRequired[str]
    probability: NotRequired[float]
    arm_probability: NotRequired[float]
    effect: NotRequired[float]
    expected_value: NotRequired[float]
    low: NotRequired[float]
    high: NotRequired[float]
    due_on: NotRequired[str]
    opens_on: NotRequired[str]
    closes_on: NotRequired[str]
    reasons: NotRequired[dict[str, Any] | None]


class JobDocument(TypedDict):
    """Work that outlasts its request."""

    id: str
    kind: str
    status: JobStatus
    progress: float
    attempts: int
    location: str | None
    problem: dict[str, Any] | None
    created_at: str
    started_at: str | None
    finished_at: str | None


class ExportFile(TypedDict):
    """A file of an export."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ExportDocument(TypedDict):
    """A finished export."""

    id: str
    list_id: str
    spec: dict[str, Any]
    created_at: str
    members: int
    rows: int
    removed: dict[str, int]
    without_label: dict[str, int]
    files: list[ExportFile]
    pseudonymous: bool


class Score(TypedDict):
    """What a model says of a customer; the fields that it does not have are absent."""

    customer_id: str
    product_id: NotRequired[str]
    category: NotRequired[str]
    arm: NotRequired[str]
    state: NotRequired[str]
    probability: NotRequired[float]
    effect: NotRequired[float]
    low: NotRequired[float]
    high: NotRequired[float]
    due_on: NotRequired[str]
    opens_on: NotRequired[str]
    closes_on: NotRequired[str]


class ModelScores(TypedDict):
    """The scores of one live model."""

    model: str
    model_version: str
    as_of: str
    score_set: str | None
    scores: list[Score]


class CustomerScores(TypedDict):
    """What the live models say of one customer."""

    customer_id: str
    fresh: bool
    models: list[ModelScores]
    not_fresh: list[dict[str, str]]


class BatchScores(TypedDict):
    """The best row of each customer in each model."""

    models: list[ModelScores]
    unknown: list[str]


class NextProducts(TypedDict):
    """What a customer is likeliest to buy next."""

    customer_id: str
    model: str
    model_version: str
    as_of: str
    score_set: str
    products: list[Score]


class Campaign(TypedDict):
    """What is planned."""

    campaign_id: str
    goal: NotRequired[str]
    channel: NotRequired[str]
    offer: NotRequired[str]
    product_id: NotRequired[str]
    starts_at: str
    ends_at: NotRequired[str]
    contact_cost: NotRequired[float]
    redemption_cost: NotRequired[float]
    margin_share: NotRequired[float]


class CampaignDocument(TypedDict):
    """A campaign: what was planned, and how far it has got."""

    plan: Campaign
    created_at: str
    track: dict[str, Any]


class BadLine(TypedDict):
    """A row that was not taken."""

    line: int
    detail: str
    pointer: NotRequired[str]


class Received(TypedDict):
    """What became of the rows that were reported."""

    accepted: int
    changed: int
    rejected: int
    errors: list[BadLine]
