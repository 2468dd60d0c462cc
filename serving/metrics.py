"""GET /metrics: how many requests, how long they took, and what is live."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.resources import Resources, resources

router = APIRouter(tags=["operations"])


@router.get(
    "/metrics",
    summary="Metrics in the text format of Prometheus",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": "shortlist_release_revision 7.0"}}}},
)
def metrics(shared: Annotated[Resources, Depends(resources)]) -> Response:
    """Report what all workers have counted since the service started; no personal data."""
    view = shared.live.view()
    shared.counters.revision.set(view.release.revision)
    shared.counters.problems.set(len(view.problems))
    return Response(shared.counters.text(), media_type=CONTENT_TYPE_LATEST)
