"""/v1/products/{id}/companions and demand: what a product goes with, and how many buy it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from pipeline.companions import CompanionsError, Found, LeadBy, companions_of
from pipeline.grain_store import MissingTableError
from pipeline.pairs.targets import UnknownProductError, targets
from pipeline.params import ParamsError
from pipeline.project import find_model, open_project
from pipeline.release import UnreleasedModelError
from pipeline.snapshot_store import SnapshotError
from pipeline.versions import UnknownVersionError
from serving.access import allowed
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.live import NotReadyError
from serving.resources import Resources, resources
from serving.scores import OF_PRODUCTS

router = APIRouter(prefix="/v1/products", tags=["scores"])


class Demand(BaseModel):
    """How many customers will buy a product within the model's horizon."""

    product_id: str
    model: str
    model_version: str
    as_of: str
    customers: int = Field(description="How many were scored for it: everybody known.")
    buyers: float = Field(description="Expected number, with its interval.")
    low: float
    high: float
    level: float = Field(description="Of the interval.")
    launch: bool = Field(description="Whether nothing of it was sold before the cut-off.")
    note: str


_DEMAND = {
    "product_id": "P00017",
    "model": OF_PRODUCTS,
    "model_version": "2",
    "as_of": "2026-03-01",
    "customers": 20000,
    "buyers": 412.6,
    "low": 351.0,
    "high": 489.2,
    "level": 0.95,
    "launch": False,
    "note": "level of demand from 212 products",
}
_COMPANIONS = {
    "lead": "P00017",
    "lead_by": "product",
    "name": "Green tea 100 g",
    "season": "mothers_day",
    "as_of": "2026-03-01",
    "since": "2024-03-01",
    "within_days": 14,
    "baskets": 80412,
    "with_lead": 1204,
    "sequences": 61207,
    "tested": 340,
    "min_count": 5,
    "error_rate": 0.05,
    "level": 0.95,
    "companions": [
        {
            "companion": "P00020",
            "name": "Teapot",
            "seen_in": "basket",
            "together": 212,
            "baskets": 3012,
            "support": 0.0026,
            "confidence": 0.176,
            "lift": 4.7,
            "expected": 61.2,
            "added_lift": 3.46,
            "low": 2.9,
            "high": 4.1,
            "p_value": 1e-12,
            "q_value": 1e-10,
            "expected_margin": 31.5,
        }
    ],
}


@router.get(
    "/{product_id}/companions",
    summary="Find what is bought with a product",
    response_class=Response,
    dependencies=[allowed("scores:read")],
    responses={
        200: {"model": Found, "content": {"application/json": {"example": _COMPANIONS}}},
        **documented(CompanionsError, MissingTableError, ParamsError),
    },
)
def companions(
    *,
    product_id: str,
    shared: Annotated[Resources, Depends(resources)],
    season: Annotated[
        str | None, Query(max_length=64, description="A festival: the four weeks up to it.")
    ] = None,
    lead_by: Annotated[LeadBy, Query(description="Tell products or categories apart.")] = "product",
    days: Annotated[int, Query(ge=1, le=3650, description="How far back to look.")] = 730,
    within_days: Annotated[int, Query(ge=0, le=365, description="Longest pause; 0: baskets.")] = 14,
    min_count: Annotated[
        int, Query(ge=1, le=1_000_000, description="Fewest baskets with both.")
    ] = 5,
) -> Response:
    """Test every other product for an association with it, beyond what both sell anyway.

    Baskets are read for each request: some seconds where there are millions of lines.
    """
    found = companions_of(
        open_project(shared.artifacts.absolute().parent),
        product_id,
        lead_by=lead_by,
        season=season,
        days=days,
        within_days=within_days,
        min_count=min_count,
    )
    return Response(json_bytes(found.model_dump(mode="json")), media_type="application/json")


@router.get(
    "/{product_id}/demand",
    summary="Estimate how many customers will buy a product",
    response_class=Response,
    dependencies=[allowed("scores:read")],
    responses={
        200: {"model": Demand, "content": {"application/json": {"example": _DEMAND}}},
        **documented(
            UnreleasedModelError,
            NotReadyError,
            UnknownProductError,
            SnapshotError,
            ParamsError,
            UnknownVersionError,
        ),
    },
)
def demand(
    *,
    product_id: str,
    shared: Annotated[Resources, Depends(resources)],
    level: Annotated[float, Query(gt=0, lt=1, description="Of the interval.")] = 0.95,
) -> Response:
    """Score everybody known for the product, as the live version does at its cut-off."""
    version = shared.live.model(OF_PRODUCTS).version
    found = targets(
        open_project(shared.artifacts.absolute().parent),
        find_model(OF_PRODUCTS),  # type: ignore[arg-type]  # a model of pairs
        version,
        product_id=product_id,
        level=level,
    )
    document = {
        "product_id": found.product_id,
        "model": OF_PRODUCTS,
        "model_version": version,
        "as_of": shared.live.view().score_sets[OF_PRODUCTS].as_of.isoformat(),
        "customers": len(found.customers),
        "buyers": found.buyers,
        "low": found.low,
        "high": found.high,
        "level": level,
        "launch": found.launch,
        "note": found.note,
    }
    return Response(json_bytes(document), media_type="application/json")
