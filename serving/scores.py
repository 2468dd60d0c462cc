"""/v1/customers/{id}/scores and /v1/scores:batch: what the live models say of customers."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.fresh import NotFreshError, UnknownCustomerError, fresh_scores
from pipeline.grain_store import MissingTableError
from pipeline.params import ParamsError
from pipeline.project import find_model, open_project
from pipeline.release import UnreleasedModelError
from pipeline.score_set import DamagedScoreSetError, ScoreSet, UnknownScoreSetError
from pipeline.versions import UnknownVersionError
from serving.access import allowed
from serving.audit_log import audited, audited_soon
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.live import NotReadyError
from serving.names import Names, Naming
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1", tags=["scores"])

#: The model whose rows are products for a customer.
OF_PRODUCTS = "purchase_propensity"
_NOBODY = "no live model has a score of such a customer."
#: Customers that are looked up at once.
MOST = 1_000


class Score(BaseModel):
    """What a model says of a customer; the fields that it does not have are absent."""

    customer_id: str
    product_id: str | None = None
    category: str | None = None
    arm: str | None = None
    state: str | None = None
    probability: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    due_on: date | None = None
    opens_on: date | None = None
    closes_on: date | None = None


class ModelScores(BaseModel):
    """The scores of one live model."""

    model: str
    model_version: str
    as_of: str = Field(description="The cut-off: what was known before that day began.")
    score_set: str | None = Field(description="Where they are stored; null if made just now.")
    scores: list[Score] = Field(description="Best first; empty for who is not eligible.")


class NotFresh(BaseModel):
    """A live model that cannot score one customer alone."""

    model: str
    why: str


class CustomerScores(BaseModel):
    """What the live models say of one customer."""

    customer_id: str
    fresh: bool
    models: list[ModelScores]
    not_fresh: list[NotFresh] = Field(description="With `fresh=true`: models left out, and why.")


class BatchRequest(BaseModel):
    """Customers to look up."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"customers": ["c-01842", "c-00317"], "models": ["card_uptake"]}]
        },
    )

    customers: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(
        min_length=1, max_length=MOST, description="Ids, up to 1,000."
    )
    models: list[Annotated[str, Field(max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=50, description="Live models; all if left out."
    )


class BatchScores(BaseModel):
    """The best row of each customer in each model."""

    models: list[ModelScores]
    unknown: list[str] = Field(description="Who has no score in any of them.")


class NextProducts(BaseModel):
    """What a customer is likeliest to buy next."""

    customer_id: str
    model: str
    model_version: str
    as_of: str
    score_set: str
    products: list[Score]


_OF_MODEL = {
    "model": "card_uptake",
    "model_version": "3",
    "as_of": "2026-03-01",
    "score_set": "2026-03-01-0247f180decb",
    "scores": [{"customer_id": "c-01842", "probability": 0.31}],
}
_CUSTOMER = {
    "customer_id": "c-01842",
    "fresh": False,
    "models": [_OF_MODEL],
    "not_fresh": [{"model": OF_PRODUCTS, "why": "it takes what others bought."}],
}
_BATCH = {"models": [_OF_MODEL], "unknown": ["c-99999"]}
_NEXT = {
    "customer_id": "c-01842",
    "model": OF_PRODUCTS,
    "model_version": "2",
    "as_of": "2026-03-01",
    "score_set": "2026-03-01-5f0c9a4be1d2",
    "products": [
        {"customer_id": "c-01842", "product_id": "P00017", "state": "NEW", "probability": 0.08}
    ],
}
_STORED = (UnreleasedModelError, NotReadyError, DamagedScoreSetError, UnknownScoreSetError)


def _documented(model: type[BaseModel], example: dict[str, Any]) -> dict[int | str, Any]:
    return {200: {"model": model, "content": {"application/json": {"example": example}}}}


@router.get(
    "/customers/{customer_id}/scores",
    summary="Read what the live models say of a customer",
    response_class=Response,
    dependencies=[allowed("scores:read")],
    responses={
        **_documented(CustomerScores, _CUSTOMER),
        **documented(
            *_STORED,
            UnknownCustomerError,
            NotFreshError,
            MissingTableError,
            ParamsError,
            UnknownVersionError,
        ),
    },
)
async def of_customer(
    *,
    customer_id: str,
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
    model: Annotated[str | None, Query(max_length=64, description="Only this one.")] = None,
    top: Annotated[int, Query(ge=1, le=100, description="Rows of a model, at most.")] = 10,
    fresh: Annotated[bool, Query(description="Compute them from the tables, now.")] = False,
    as_of: Annotated[
        date | None,
        Query(description="With `fresh`: the cut-off; tomorrow if left out, so all that is known."),
    ] = None,
) -> Response:
    """Return stored scores, or with `fresh=true` those that a run at `as_of` would give.

    Models of pairs and of dates need what others bought, and are never fresh: named as
    `model` they are refused, otherwise listed under `not_fresh`.
    """
    found, left_out = await run_in_threadpool(
        _of_one, shared, names, customer_id, model=model, top=top, fresh=fresh, as_of=as_of
    )
    await audited_soon(request, **_taken(names, found))
    document = {
        "customer_id": customer_id,
        "fresh": fresh,
        "models": found,
        "not_fresh": left_out,
    }
    return Response(json_bytes(document), media_type="application/json")


@router.get(
    "/customers/{customer_id}/next-products",
    summary="Read what a customer is likeliest to buy next",
    response_class=Response,
    dependencies=[allowed("scores:read")],
    responses={
        **_documented(NextProducts, _NEXT),
        **documented(*_STORED, UnknownCustomerError),
    },
)
def next_products(
    *,
    customer_id: str,
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Response:
    """Return products from the likeliest on, as they were scored with the release."""
    (live,) = _live(shared, [OF_PRODUCTS])
    meant = names.meant([customer_id])
    found = _stored(shared, live, [*meant.values()], limit)
    if not found["scores"]:
        raise UnknownCustomerError(f"{OF_PRODUCTS} has no score of such a customer.")
    _named_by([found], meant)
    audited(request, **_taken(names, [found]))
    products = found.pop("scores")
    document = {"customer_id": customer_id, **found, "products": products}
    return Response(json_bytes(document), media_type="application/json")


@router.post(
    "/scores:batch",
    summary="Read what the live models say of many customers",
    response_class=Response,
    dependencies=[allowed("scores:read")],
    responses={**_documented(BatchScores, _BATCH), **documented(*_STORED)},
)
def batch(
    body: BatchRequest,
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
) -> Response:
    """Return the best row of each customer in each model, in the order of the request."""
    asked = list(dict.fromkeys(body.customers))
    found = []
    meant = names.meant(asked)
    for live in _live(shared, body.models):
        scores = _stored(shared, live, [*meant.values()], 1)
        _named_by([scores], meant)
        by_customer = {one["customer_id"]: one for one in scores["scores"]}
        scores["scores"] = [by_customer[one] for one in asked if one in by_customer]
        found.append(scores)
    audited(request, **_taken(names, found))
    known = {one["customer_id"] for scores in found for one in scores["scores"]}
    document = {"models": found, "unknown": [one for one in asked if one not in known]}
    return Response(json_bytes(document), media_type="application/json")


def _of_one(
    shared: Resources,
    names: Names,
    customer_id: str,
    *,
    model: str | None,
    top: int,
    fresh: bool,
    as_of: date | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what models say of one customer, and which cannot."""
    sets = _live(shared, [model] if model else None)
    meant = names.meant([customer_id])
    if not meant:
        raise UnknownCustomerError(_NOBODY)
    if fresh:
        found, left_out = _fresh(shared, sets, meant[customer_id], model, as_of)
    else:
        found, left_out = [_stored(shared, one, [meant[customer_id]], top) for one in sets], []
        if not any(one["scores"] for one in found):
            raise UnknownCustomerError(_NOBODY)
    _named_by(found, meant)
    return found, left_out


def _live(shared: Resources, names: list[str] | None) -> list[ScoreSet]:
    view = shared.live.view()
    if names is None:
        if not view.score_sets:
            raise NotReadyError(view.problems[0])
        return list(view.score_sets.values())
    for name in names:
        shared.live.model(name)
    return [view.score_sets[name] for name in dict.fromkeys(names)]


def _stored(shared: Resources, live: ScoreSet, customers: list[str], top: int) -> dict[str, Any]:
    rows = shared.lookup.rows(live, customers)
    return {**_named(live), "scores": _best(rows, top)}


def _named(live: ScoreSet) -> dict[str, Any]:
    return {
        "model": live.model,
        "model_version": live.version,
        "as_of": live.as_of.isoformat(),
        "score_set": live.id,
    }


def _best(rows: pa.Table, top: int) -> list[dict[str, Any]]:
    """Return the first rows of each customer; they come best first."""
    found: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for row in rows.to_pylist():
        seen[row["customer_id"]] = seen.get(row["customer_id"], 0) + 1
        if seen[row["customer_id"]] <= top:
            found.append(row)
    return found


def _fresh(
    shared: Resources,
    sets: list[ScoreSet],
    customer_id: str,
    wanted: str | None,
    as_of: date | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    project = open_project(shared.artifacts.absolute().parent)
    if as_of is None:
        here = shared.now().astimezone(ZoneInfo(project.params.time_zone))
        as_of = here.date() + timedelta(days=1)
    models, left_out = [], []
    for live in sets:
        try:
            rows = fresh_scores(
                project, find_model(live.model), live.version, customer_id, as_of=as_of
            )
        except NotFreshError as error:
            if wanted:
                raise
            left_out.append({"model": live.model, "why": str(error)})
            continue
        stored = {"as_of": as_of.isoformat(), "score_set": None}
        best = rows.sort_values(live.value, ascending=False).to_dict("records")
        models.append({**_named(live), **stored, "scores": best})
    return models, left_out


def _named_by(found: list[dict[str, Any]], meant: Mapping[str, str]) -> None:
    """Call customers in scores what the caller has called them."""
    called = {customer: name for name, customer in meant.items()}
    for model in found:
        for row in model["scores"]:
            row["customer_id"] = called[row["customer_id"]]


def _taken(names: Names, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the audit records of scores."""
    rows = [row for model in found for row in model["scores"]]
    return {
        "about": ", ".join(one["model"] for one in found)[:128],
        "rows": len(rows),
        "fields": tuple(sorted({name for row in rows for name in row})),
        "pseudonymous": names.pseudonymous,
    }
