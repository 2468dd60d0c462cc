"""Scores of customers."""

from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import quote

from shortlist.client.answers import BatchScores, CustomerScores, NextProducts
from shortlist.client.transport import Transport

#: Customers that are looked up with one request.
_MOST = 1000


class Scores:
    """What the live models say."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of(
        self,
        customer_id: str,
        *,
        model: str | None = None,
        top: int | None = None,
        fresh: bool = False,
        as_of: date | None = None,
    ) -> CustomerScores:
        """Return what the live models say of a customer, stored or computed just now."""
        found: CustomerScores = self._transport.get(
            f"/v1/customers/{quote(customer_id, safe='')}/scores",
            model=model,
            top=top,
            fresh="true" if fresh else None,
            as_of=as_of.isoformat() if as_of else None,
        )
        return found

    def next_products(self, customer_id: str, *, limit: int | None = None) -> NextProducts:
        """Return what a customer is likeliest to buy next, from the likeliest on."""
        path = f"/v1/customers/{quote(customer_id, safe='')}/next-products"
        found: NextProducts = self._transport.get(path, limit=limit)
        return found

    def batch(
        self, customers: Iterable[str], *, models: Sequence[str] | None = None
    ) -> BatchScores:
        """Return the best row of each customer in each model, of any number of customers.

        A thousand are looked up at once; a release in between shows in `model_version` of
        models that are then listed twice.
        """
        found: BatchScores = {"models": [], "unknown": []}
        wanted = {} if models is None else {"models": list(models)}
        asked = list(dict.fromkeys(customers))
        for first in range(0, len(asked), _MOST):
            some = asked[first : first + _MOST]
            part: BatchScores = self._transport.post(
                "/v1/scores:batch", {"customers": some, **wanted}
            )
            found["unknown"] += part["unknown"]
            for scores in part["models"]:
                same = [
                    one
                    for one in found["models"]
                    if (one["model"], one["score_set"]) == (scores["model"], scores["score_set"])
                ]
                if same:
                    same[0]["scores"] += scores["scores"]
                else:
                    found["models"].append(scores)
        return found
